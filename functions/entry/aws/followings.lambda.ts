import { handle } from "hono/aws-lambda";
import { createApp } from "../../http/app.ts";
import { processLogger } from "./process_logger.ts";

/** Answers `GET /tiktok/user-followings` behind API Gateway: `signer_failed` as long as there is no signer. */
export const handler = handle(createApp({ followings: {}, logger: processLogger(), loopbackOnly: false }));
