/** The other side of the cold start: a Hono app with one route and the AWS client that the links function has. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const client = new DynamoDBClient({});
const app = new Hono();
app.get("/health", (c) => c.json({ status: client.config.serviceId === "DynamoDB" ? "ok" : "odd" }));

export const handler = handle(app);
