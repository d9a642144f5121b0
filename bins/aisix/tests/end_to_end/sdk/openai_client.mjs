// The official `openai` package against a gateway. Prints one PASS line for each thing that works.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// A path that ends in the folder's name resolves packages from the folder itself.
const require = createRequire(`${process.env.NODE_MODULES}/`);
const OpenAI = require("openai");

const baseURL = process.env.GATEWAY_BASE;
const client = (apiKey) => new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Hi" }];
const ask = (key, model, options = {}) =>
  client(key).chat.completions.create({ model, messages, ...options });
const pass = (name) => console.log("PASS", name);

async function expect(name, kind, call, fields) {
  await assert.rejects(call, (raised) => {
    assert.ok(raised instanceof kind, `${name}: ${raised}`);
    for (const [field, value] of Object.entries(fields)) {
      assert.equal(raised[field], value, `${name}: ${field}`);
    }
    return true;
  });
  pass(name);
}

const answer = await ask("sk-caller", "chat");
assert.equal(answer.choices[0].message.content, "Hello from the provider.");
assert.equal(answer.choices[0].finish_reason, "stop");
assert.equal(answer.model, "chat");
assert.ok(answer.usage.total_tokens > 0);
pass("unary");

async function collect(options) {
  const chunks = [];
  for await (const chunk of await ask("sk-caller", "chat", { stream: true, ...options })) {
    assert.equal(chunk.model, "chat");
    chunks.push(chunk);
  }
  const choices = chunks.flatMap((chunk) => chunk.choices);
  assert.equal(choices.map((choice) => choice.delta.content ?? "").join(""), "One two three");
  return chunks;
}

const counted = await collect({ stream_options: { include_usage: true } });
assert.equal(counted.findLast((chunk) => chunk.usage).usage.completion_tokens, 3);
pass("stream with usage");

const uncounted = await collect({});
assert.ok(uncounted.every((chunk) => chunk.choices.length > 0));
pass("stream");

const models = [];
for await (const model of client("sk-caller").models.list()) models.push(model.id);
assert.deepEqual(models, ["broken", "chat", "throttled"]);
pass("models");

const { response } = await client("sk-caller")
  .chat.completions.create(
    { model: "chat", messages },
    { headers: { "x-aisix-request-id": "from-the-caller" } },
  )
  .withResponse();
assert.equal(response.headers.get("x-aisix-request-id"), "from-the-caller");
pass("request id");

await expect("401", OpenAI.AuthenticationError, () => ask("sk-nobody", "chat"), {
  status: 401,
  code: "invalid_api_key",
  type: "invalid_api_key",
});
await expect("403", OpenAI.PermissionDeniedError, () => ask("sk-of-another-model", "chat"), {
  status: 403,
  code: "model_access_forbidden",
  type: "invalid_request_error",
});
await expect("404", OpenAI.NotFoundError, () => ask("sk-caller", "no-such-model"), {
  status: 404,
  code: "model_not_found",
  type: "invalid_request_error",
});
await expect("429", OpenAI.RateLimitError, () => ask("sk-caller", "throttled"), { status: 429 });
await assert.rejects(
  () => ask("sk-caller", "throttled"),
  (raised) => raised.headers.get("retry-after") === "7",
);
pass("retry-after");

await assert.rejects(async () => {
  for await (const _ of await ask("sk-caller", "broken", { stream: true }));
}, OpenAI.APIError);
pass("broken stream");
