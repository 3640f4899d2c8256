// Makes an archive of a folder by a library of node, and tells what it took.
const fs = require("node:fs");
const path = require("node:path");

const started = process.hrtime.bigint();
const [library, folder, archive] = process.argv.slice(2);
const names = fs.readdirSync(folder).sort();
const out = fs.createWriteStream(archive);

const ways = {
  archiver() {
    const zip = require("archiver")("zip", { zlib: { level: 6 } });
    zip.pipe(out);
    for (const name of names) zip.file(path.join(folder, name), { name });
    zip.finalize();
  },
  yazl() {
    const { ZipFile } = require("yazl");
    const zip = new ZipFile();
    zip.outputStream.pipe(out);
    for (const name of names) zip.addFile(path.join(folder, name), name);
    zip.end();
  },
};

out.on("close", () => {
  const { user, system } = process.cpuUsage();
  const status = fs.readFileSync("/proc/self/status", "utf8");
  const figures = {
    bytes: fs.statSync(archive).size,
    cpu_us: user + system,
    wall_us: Number((process.hrtime.bigint() - started) / 1000n),
    peak_kib: Number(/VmHWM:\s+(\d+)/.exec(status)[1]),
  };
  console.log(JSON.stringify(figures));
});
ways[library]();
