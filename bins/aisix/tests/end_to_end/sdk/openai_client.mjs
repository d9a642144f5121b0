// The official `openai` package, in front of upstreams of both families.

import assert from "node:assert/strict";
import {
  BASE, CITY, City, FAMILIES, FOUND, PLACES, Place, QUESTION, SCHEMA, SEAL, THOUGHT, WEATHER, all,
  check, raises, require,
} from "./checks.mjs";

const OpenAI = require("openai");
const { zodFunction, zodResponseFormat, zodTextFormat } = require("openai/helpers/zod");

const HI = [{ role: "user", content: "Hi" }];
const ASK = [{ role: "user", content: QUESTION }];

const client = (apiKey = "sk-caller") => new OpenAI({ baseURL: `${BASE}/v1`, apiKey, maxRetries: 0 });
const openai = client();

async function chat(family) {
  const model = `${family}-plain`;
  const api = openai.chat.completions;

  await check(`${family}: chat`, async () => {
    const answer = await api.create({ model, messages: HI });
    assert.equal(answer.model, model);
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.choices[0].message.content, "Hello there.");
    assert.equal(answer.choices[0].finish_reason, "stop");
    // Anthropic counts what it read from a cache beside the other tokens of the request.
    assert.equal(answer.usage.prompt_tokens, family === "openai" ? 19 : 15);
    assert.equal(answer.usage.completion_tokens, 10);
    assert.equal(answer.usage.total_tokens, 29);
    assert.equal(answer.usage.prompt_tokens_details.cached_tokens, 4);
  });

  await check(`${family}: chat streamed`, async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await all(api.create({ model, messages: HI, ...options }));
    const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
    assert.ok(chunks.every((chunk) => chunk.model === model));
    assert.equal(deltas[0].role, "assistant");
    assert.equal(deltas.map((delta) => delta.content ?? "").join(""), "Hello there.");
    assert.equal(chunks.at(-1).usage.total_tokens, 29);
    const uncounted = await all(api.create({ model, messages: HI, stream: true }));
    assert.ok(uncounted.every((chunk) => chunk.choices.length > 0), "usage that nobody asked for");
  });

  await check(`${family}: chat stream helper`, async () => {
    const pieces = [];
    const stream = api.stream({ model, messages: HI, stream_options: { include_usage: true } });
    stream.on("content", (delta) => pieces.push(delta));
    const final = await stream.finalChatCompletion();
    assert.equal(pieces.join(""), "Hello there.");
    assert.equal(final.choices[0].message.content, "Hello there.");
    assert.equal(final.choices[0].finish_reason, "stop");
    assert.equal((await stream.totalUsage()).completion_tokens, 10);
  });

  const tools = [zodFunction({ name: "get_weather", parameters: Place })];
  const results = (message) => {
    const calls = message.tool_calls;
    assert.deepEqual(calls.map((call) => call.function.parsed_arguments), PLACES);
    return calls.map(({ id, function: { parsed_arguments } }) => (
      { role: "tool", tool_call_id: id, content: WEATHER[parsed_arguments.city] }
    ));
  };

  await check(`${family}: chat tools`, async () => {
    const first = await api.parse({ model, messages: ASK, tools });
    assert.equal(first.choices[0].finish_reason, "tool_calls");
    const { message } = first.choices[0];
    assert.equal(message.content, "Let me look.");
    const messages = [...ASK, message, ...results(message)];
    const answer = await api.create({ model, messages, tools });
    assert.equal(answer.choices[0].message.content, FOUND);
  });

  await check(`${family}: chat tools streamed`, async () => {
    const stream = api.stream({ model, messages: ASK, tools });
    const done = [];
    stream.on("tool_calls.function.arguments.done", (event) => done.push([event.name, event.index]));
    const message = await stream.finalMessage();
    assert.deepEqual(done, [["get_weather", 0], ["get_weather", 1]]);
    const messages = [...ASK, message, ...results(message)];
    assert.equal(await api.stream({ model, messages, tools }).finalContent(), FOUND);
  });

  await check(`${family}: chat parsed`, async () => {
    const options = { model, messages: HI, response_format: zodResponseFormat(City, "city") };
    assert.deepEqual((await api.parse(options)).choices[0].message.parsed, CITY);
    assert.deepEqual((await api.stream(options).finalMessage()).parsed, CITY);
  });

  await check(`${family}: chat thoughts`, async () => {
    const options = { model, messages: HI, reasoning_effort: "low" };
    const { message } = (await api.create(options)).choices[0];
    assert.equal(message.reasoning_content, THOUGHT);
    assert.equal(message.content, "Hello there.");
    const chunks = await all(api.create({ ...options, stream: true }));
    const pieces = chunks.map((chunk) => chunk.choices[0].delta.reasoning_content ?? "");
    assert.equal(pieces.join(""), THOUGHT);
    const again = await api.create({ model, messages: [...HI, message, ...HI] });
    assert.equal(again.choices[0].message.content, "Hello there.");
  });
}

async function responses(family) {
  const model = `${family}-plain`;
  const api = openai.responses;

  await check(`${family}: responses`, async () => {
    const answer = await api.create({ model, input: "Hi", instructions: "Be kind." });
    assert.equal(answer.model, model);
    assert.equal(answer.status, "completed");
    assert.equal(answer.output_text, "Hello there.");
    const { input_tokens, output_tokens, total_tokens, input_tokens_details } = answer.usage;
    assert.deepEqual([input_tokens, output_tokens, total_tokens], [19, 10, 29]);
    assert.equal(input_tokens_details.cached_tokens, 4);
  });

  await check(`${family}: responses streamed`, async () => {
    const events = await all(api.create({ model, input: "Hi", stream: true }));
    assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
    const kinds = events.map((event) => event.type);
    assert.deepEqual(kinds.slice(0, 2), ["response.created", "response.in_progress"]);
    assert.equal(kinds.at(-1), "response.completed");
    assert.equal(events.at(-1).response.usage.total_tokens, 29);
  });

  await check(`${family}: responses stream helper`, async () => {
    const stream = api.stream({ model, input: "Hi" });
    const snapshots = [];
    stream.on("response.output_text.delta", (event) => snapshots.push(event.snapshot));
    const final = await stream.finalResponse();
    assert.deepEqual(snapshots, ["Hello ", "Hello there."]);
    assert.equal(final.output_text, "Hello there.");
    assert.equal(final.model, model);
  });

  const tools = [{ type: "function", name: "get_weather", parameters: SCHEMA, strict: true }];
  const results = (answer) => {
    const calls = answer.output.filter((item) => item.type === "function_call");
    assert.deepEqual(calls.map((call) => JSON.parse(call.arguments)), PLACES);
    return calls.map((call) => (
      {
        type: "function_call_output",
        call_id: call.call_id,
        output: WEATHER[JSON.parse(call.arguments).city],
      }
    ));
  };

  await check(`${family}: responses tools`, async () => {
    const first = await api.create({ model, input: ASK, tools });
    const input = [...ASK, ...first.output, ...results(first)];
    assert.equal((await api.create({ model, input, tools })).output_text, FOUND);
  });

  await check(`${family}: responses tools streamed`, async () => {
    const stream = api.stream({ model, input: ASK, tools });
    const done = [];
    stream.on("response.function_call_arguments.done", (event) => done.push(event.arguments));
    const first = await stream.finalResponse();
    assert.deepEqual(done, ['{"city":"Oslo"}', '{"city":"Rome"}']);
    const input = [...ASK, ...first.output, ...results(first)];
    assert.equal((await api.stream({ model, input, tools }).finalResponse()).output_text, FOUND);
  });

  await check(`${family}: responses parsed`, async () => {
    const options = { model, input: "Hi", text: { format: zodTextFormat(City, "city") } };
    assert.deepEqual((await api.parse(options)).output_parsed, CITY);
    assert.deepEqual((await api.stream(options).finalResponse()).output_parsed, CITY);
  });

  await check(`${family}: responses thoughts`, async () => {
    const options = {
      model,
      tools,
      reasoning: { effort: "low", summary: "auto" },
      include: ["reasoning.encrypted_content"],
      store: false,
    };
    const whole = await api.create({ input: ASK, ...options });
    const stream = api.stream({ input: ASK, ...options });
    const deltas = [];
    stream.on("response.reasoning_summary_text.delta", (event) => deltas.push(event.delta));
    const streamed = await stream.finalResponse();
    assert.equal(deltas.join(""), THOUGHT);
    for (const first of [whole, streamed]) {
      assert.equal(first.output[0].type, "reasoning");
      assert.equal(first.output[0].summary[0].text, THOUGHT);
      if (family === "openai") assert.equal(first.output[0].encrypted_content, SEAL);
      const input = [...ASK, ...first.output, ...results(first)];
      assert.equal((await api.create({ input, ...options })).output_text, FOUND);
    }
  });
}

async function errors(family) {
  const asks = {
    chat: (model, options) =>
      openai.chat.completions.create({ model: `${family}-${model}`, messages: HI, ...options }),
    responses: (model, options) =>
      openai.responses.create({ model: `${family}-${model}`, input: "Hi", ...options }),
  };
  for (const [name, ask] of Object.entries(asks)) {
    await check(`${family}: ${name} errors`, async () => {
      const refused = await raises(OpenAI.BadRequestError, () => ask("invalid"), { status: 400 });
      assert.match(refused.message, /The request makes no sense\./);
      for (const stream of [false, true]) {
        const limited = await raises(OpenAI.RateLimitError, () => ask("throttled", { stream }), {
          code: "rate_limit_exceeded",
        });
        assert.equal(limited.headers.get("retry-after"), "7");
      }
      for (const model of ["failing", "overloaded"]) {
        await raises(OpenAI.InternalServerError, () => ask(model), { status: 502 });
      }
    });

    await check(`${family}: ${name} breaks off`, async () => {
      for (const model of ["broken", "breaking"]) {
        const said = [];
        await assert.rejects(async () => {
          for await (const event of await ask(model, { stream: true })) {
            said.push(event);
            assert.notEqual(event.type, "response.completed");
            if (event.type === "error") throw new OpenAI.APIError(undefined, event, event.message);
          }
        }, OpenAI.APIError);
        assert.match(JSON.stringify(said), /Hello /);
      }
    });
  }
}

async function runner(family) {
  await check(`${family}: chat tool runner`, async () => {
    const weather = zodFunction({
      name: "get_weather", parameters: Place, function: ({ city }) => WEATHER[city],
    });
    const options = { model: `${family}-plain`, messages: ASK, tools: [weather] };
    for (const stream of [false, true]) {
      const runner = openai.chat.completions.runTools({ stream, ...options });
      assert.equal(await runner.finalContent(), FOUND);
    }
  });
}

for (const family of FAMILIES) {
  await chat(family);
  await responses(family);
  await errors(family);
  await runner(family);
}

await check("callers are told apart", async () => {
  const ask = (key, model) => () => client(key).chat.completions.create({ model, messages: HI });
  const nobody = { status: 401, code: "invalid_api_key", type: "invalid_api_key" };
  await raises(OpenAI.AuthenticationError, ask("sk-nobody", "openai-plain"), nobody);
  const other = { status: 403, code: "model_access_forbidden", type: "invalid_request_error" };
  await raises(OpenAI.PermissionDeniedError, ask("sk-other", "openai-plain"), other);
  const unknown = { status: 404, code: "model_not_found", type: "invalid_request_error" };
  await raises(OpenAI.NotFoundError, ask("sk-caller", "no-such-model"), unknown);
});

await check("embeddings", async () => {
  const embed = (options) => openai.embeddings.create({ model: "openai-plain", ...options });
  const vectors = async (options) => (await embed(options)).data.map(({ embedding }) => embedding);
  // The package asks for base64 by itself, and decodes it.
  for (const options of [{}, { encoding_format: "float" }]) {
    const both = { input: ["a", "bc"], ...options };
    assert.deepEqual(await vectors(both), [[0, 0.25], [1, 0.5]]);
    assert.deepEqual(await vectors({ ...both, model: "bedrock-titan" }), [[0, 0.25], [0, 0.5]]);
    assert.deepEqual(await vectors({ ...both, model: "bedrock-cohere" }), [[0, 0.25], [1, 0.5]]);
  }
  assert.deepEqual(await vectors({ input: [1, 2, 3] }), [[0, 0.75]]);
  const lacking = () => embed({ model: "anthropic-plain", input: "a" });
  await raises(OpenAI.InternalServerError, lacking, { status: 501 });
});

await check("models", async () => {
  const list = async (key) => (await all(client(key).models.list())).map((model) => model.id);
  const models = await list("sk-caller");
  assert.ok(models.includes("anthropic-plain") && models.includes("openai-plain"), `${models}`);
  assert.deepEqual(models, [...models].sort());
  assert.deepEqual(await list("sk-other"), ["openai-throttled"]);
});

await check("request id", async () => {
  const headers = { "x-aisix-request-id": "from-the-caller" };
  const ask = openai.chat.completions.create({ model: "openai-plain", messages: HI }, { headers });
  const { response } = await ask.withResponse();
  assert.equal(response.headers.get("x-aisix-request-id"), "from-the-caller");
});
