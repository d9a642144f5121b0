// An application that talks to AISIX with the official @anthropic-ai/sdk package.
//
// The only difference from talking to the provider is the base URL and the key: the caller's key
// of the gateway, not the provider's. The model may be anybody's. Usage: node anthropic_messages.mjs MODEL

import Anthropic from "@anthropic-ai/sdk";

const model = process.argv[2];
const client = new Anthropic({ apiKey: process.env.AISIX_API_KEY }); // ANTHROPIC_BASE_URL names the gateway

const models = [];
for await (const found of client.models.list()) models.push(found.id);
console.log("models:", models.join(", "));

const request = { model, max_tokens: 256, messages: [{ role: "user", content: "Say hello." }] };
const answer = await client.messages.create(request);
const texts = answer.content.filter((block) => block.type === "text").map((block) => block.text);
console.log("answer:", texts.join(""));

process.stdout.write("stream: ");
await client.messages.stream(request).on("text", (text) => process.stdout.write(text)).done();
console.log();
