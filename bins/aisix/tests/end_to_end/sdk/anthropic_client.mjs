// The official `@anthropic-ai/sdk` package, in front of upstreams of both families.

import assert from "node:assert/strict";
import {
  BASE, CITY, City, FAMILIES, FOUND, PLACES, Place, QUESTION, SCHEMA, SEAL, THOUGHT, WEATHER, all,
  check, raises, require,
} from "./checks.mjs";

const Anthropic = require("@anthropic-ai/sdk");
const { zodOutputFormat } = require("@anthropic-ai/sdk/helpers/zod");
const { betaZodTool } = require("@anthropic-ai/sdk/helpers/beta/zod");

const HI = [{ role: "user", content: "Hi" }];
const ASK = [{ role: "user", content: QUESTION }];
const LIMIT = 2048;

const client = (apiKey = "sk-caller") => new Anthropic({ baseURL: BASE, apiKey, maxRetries: 0 });
const anthropic = client();

const text = (message) =>
  message.content.filter((block) => block.type === "text").map((block) => block.text).join("");

function results(message) {
  const calls = message.content.filter((block) => block.type === "tool_use");
  assert.deepEqual(calls.map((call) => call.input), PLACES);
  const content = calls.map(({ id, input }) => (
    { type: "tool_result", tool_use_id: id, content: WEATHER[input.city] }
  ));
  return [{ role: "assistant", content: message.content }, { role: "user", content }];
}

async function messages(family) {
  const api = anthropic.messages;
  const options = { model: `${family}-plain`, max_tokens: LIMIT };
  const tools = [{ name: "get_weather", input_schema: SCHEMA }];

  await check(`${family}: messages`, async () => {
    const answer = await api.create({ messages: HI, system: "Be kind.", ...options });
    assert.equal(answer.model, options.model);
    assert.equal(text(answer), "Hello there.");
    assert.equal(answer.stop_reason, "end_turn");
    assert.equal(answer.usage.input_tokens, 15);
    assert.equal(answer.usage.cache_read_input_tokens, 4);
    assert.equal(answer.usage.output_tokens, 10);
  });

  await check(`${family}: messages streamed`, async () => {
    const events = await all(api.create({ messages: HI, stream: true, ...options }));
    const kinds = events.map((event) => event.type);
    assert.equal(kinds[0], "message_start");
    assert.deepEqual(kinds.slice(-2), ["message_delta", "message_stop"]);
    const deltas = events.filter((event) => event.type === "content_block_delta");
    assert.equal(deltas.map((event) => event.delta.text).join(""), "Hello there.");
    assert.equal(events.at(-2).usage.output_tokens, 10);
  });

  await check(`${family}: messages stream helper`, async () => {
    const pieces = [];
    const stream = api.stream({ messages: HI, ...options }).on("text", (delta) => pieces.push(delta));
    const final = await stream.finalMessage();
    assert.equal(pieces.join(""), "Hello there.");
    assert.equal(text(final), "Hello there.");
    assert.equal(final.stop_reason, "end_turn");
    assert.equal(final.usage.output_tokens, 10);
  });

  await check(`${family}: tools`, async () => {
    const first = await api.create({ messages: ASK, tools, ...options });
    assert.equal(first.stop_reason, "tool_use");
    assert.equal(text(first), "Let me look.");
    const answer = await api.create({ messages: [...ASK, ...results(first)], tools, ...options });
    assert.equal(text(answer), FOUND);
  });

  await check(`${family}: tools streamed`, async () => {
    const partial = [];
    const stream = api.stream({ messages: ASK, tools, ...options });
    const first = await stream.on("inputJson", (json) => partial.push(json)).finalMessage();
    assert.equal(partial.join(""), '{"city":"Oslo"}{"city":"Rome"}');
    const last = api.stream({ messages: [...ASK, ...results(first)], tools, ...options });
    assert.equal(await last.finalText(), FOUND);
  });

  await check(`${family}: tool runner`, async () => {
    const weather = betaZodTool({
      name: "get_weather",
      description: "The weather of a city.",
      inputSchema: Place,
      run: ({ city }) => WEATHER[city],
    });
    // It has the provider keep the conversation, unless it is told not to, or that nobody does.
    const thread = family === "openai" ? {} : { thread: false };
    const run = { messages: ASK, tools: [weather], ...thread, ...options };
    assert.equal(text(await anthropic.beta.messages.toolRunner(run).runUntilDone()), FOUND);
  });

  await check(`${family}: parsed`, async () => {
    const city = { messages: HI, output_config: { format: zodOutputFormat(City) }, ...options };
    assert.deepEqual((await api.parse(city)).parsed_output, CITY);
    assert.deepEqual((await api.stream(city).finalMessage()).parsed_output, CITY);
  });

  await check(`${family}: thoughts`, async () => {
    const thinking = { thinking: { type: "enabled", budget_tokens: 1024 }, tools, ...options };
    const whole = await api.create({ messages: ASK, ...thinking });
    const deltas = [];
    const stream = api.stream({ messages: ASK, ...thinking });
    const streamed = await stream.on("thinking", (delta) => deltas.push(delta)).finalMessage();
    assert.equal(deltas.join(""), THOUGHT);
    for (const first of [whole, streamed]) {
      const [thought] = first.content;
      assert.equal(thought.type, "thinking");
      assert.equal(thought.thinking, THOUGHT);
      // Only a provider seals; it wants its seal back when the tools have answered.
      assert.equal(thought.signature, family === "anthropic" ? SEAL : "");
      const answer = await api.create({ messages: [...ASK, ...results(first)], ...thinking });
      assert.equal(text(answer), FOUND);
    }
  });

  await check(`${family}: betas`, async () => {
    const beta = { messages: HI, betas: ["output-300k-2026-03-24"], ...options };
    assert.equal(text(await anthropic.beta.messages.create(beta)), "Hello there.");
    const stream = anthropic.beta.messages.stream(beta);
    assert.equal(text(await stream.finalMessage()), "Hello there.");
  });
}

async function errors(family) {
  const ask = (model, options) =>
    anthropic.messages.create({
      model: `${family}-${model}`, max_tokens: LIMIT, messages: HI, ...options,
    });

  await check(`${family}: errors`, async () => {
    const refused = await raises(Anthropic.BadRequestError, () => ask("invalid"), { status: 400 });
    assert.equal(refused.error.error.type, "invalid_request_error");
    assert.match(refused.message, /The request makes no sense\./);
    for (const stream of [false, true]) {
      const limited = await raises(Anthropic.RateLimitError, () => ask("throttled", { stream }));
      assert.equal(limited.headers.get("retry-after"), "7");
      assert.equal(limited.error.error.type, "rate_limit_error");
    }
    for (const model of ["failing", "overloaded"]) {
      const failed = await raises(Anthropic.InternalServerError, () => ask(model), { status: 502 });
      assert.equal(failed.error.error.type, "api_error");
    }
  });

  await check(`${family}: breaks off`, async () => {
    for (const model of ["broken", "breaking"]) {
      const said = [];
      await assert.rejects(async () => {
        for await (const event of await ask(model, { stream: true })) {
          said.push(event);
          assert.notEqual(event.type, "message_stop");
        }
      }, Anthropic.APIError);
      assert.match(JSON.stringify(said), /Hello /);
    }
  });
}

for (const family of FAMILIES) {
  await messages(family);
  await errors(family);
}

await check("callers are told apart", async () => {
  const ask = (api, model) => api.messages.create({ model, max_tokens: LIMIT, messages: HI });
  const raised = async (kind, key, model) =>
    (await raises(kind, () => ask(client(key), model))).error.error.type;
  const { AuthenticationError, NotFoundError, PermissionDeniedError } = Anthropic;
  const types = [
    await raised(AuthenticationError, "sk-nobody", "openai-plain"),
    await raised(PermissionDeniedError, "sk-other", "openai-plain"),
    await raised(NotFoundError, "sk-caller", "no-such-model"),
  ];
  assert.deepEqual(types, ["authentication_error", "permission_error", "not_found_error"]);
  // A token in place of a key is sent as `Authorization`.
  const bearer = new Anthropic({ baseURL: BASE, apiKey: null, authToken: "sk-caller", maxRetries: 0 });
  assert.equal(text(await ask(bearer, "openai-plain")), "Hello there.");
});

await check("count_tokens", async () => {
  const count = (family) =>
    anthropic.messages.countTokens({ model: `${family}-plain`, messages: HI });
  assert.equal((await count("anthropic")).input_tokens, 19);
  await raises(Anthropic.BadRequestError, () => count("openai"), { status: 400 });
});

await check("models", async () => {
  const models = (await all(anthropic.models.list())).map((model) => model.id);
  assert.ok(models.includes("anthropic-plain") && models.includes("openai-plain"), `${models}`);
});
