// Does what a function's cold start does, by the SDK for JavaScript: it makes its
// client and asks the Runtime API for the first event.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { get } from "node:http";

const client = new DynamoDBClient({});
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

get({ host, port, path: "/2018-06-01/runtime/invocation/next" }, async (reply) => {
  let event = "";
  for await (const chunk of reply) event += chunk;
  await client.send(new GetItemCommand(JSON.parse(event)));
}).on("error", () => process.exit(1));
