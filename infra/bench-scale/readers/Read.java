import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

/** Reads every member of an archive, by its directory and from its beginning. */
public class Read {
    public static void main(String[] arguments) throws IOException {
        byte[] piece = new byte[1 << 16];
        long members = 0, bytes = 0;
        try (ZipFile zip = new ZipFile(arguments[0])) {
            for (var all = zip.entries(); all.hasMoreElements();) {
                ZipEntry entry = all.nextElement();
                try (InputStream content = zip.getInputStream(entry)) {
                    long read = rest(content, piece);
                    if (read != entry.getSize()) throw new IOException("a member has another size");
                    bytes += read;
                }
                members++;
            }
        }
        long streamed = 0;
        try (var zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(arguments[0]), 1 << 16))) {
            while (zip.getNextEntry() != null) {
                bytes -= rest(zip, piece);
                streamed++;
            }
        }
        if (members != streamed || bytes != 0) throw new IOException("read from its beginning it is another archive");
        System.out.println(members);
    }

    private static long rest(InputStream content, byte[] piece) throws IOException {
        long bytes = 0;
        for (int read; (read = content.read(piece)) >= 0;) bytes += read;
        return bytes;
    }
}
