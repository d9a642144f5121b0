// An application that talks to AISIX with the official openai package.
//
// The only difference from talking to the provider is the base URL and the key: the caller's key
// of the gateway, not the provider's. Usage: node openai_chat.mjs MODEL

import OpenAI from "openai";

const model = process.argv[2];
const client = new OpenAI({ apiKey: process.env.AISIX_API_KEY }); // OPENAI_BASE_URL names the gateway

const models = [];
for await (const found of client.models.list()) models.push(found.id);
console.log("models:", models.join(", "));

const messages = [{ role: "user", content: "Say hello." }];
const answer = await client.chat.completions.create({ model, messages });
console.log("answer:", answer.choices[0].message.content);

process.stdout.write("stream: ");
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
console.log();
