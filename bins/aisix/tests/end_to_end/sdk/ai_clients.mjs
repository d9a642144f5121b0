// The chat clients of the Vercel AI SDK, in front of upstreams of both families.

import assert from "node:assert/strict";
import {
  BASE, CITY, City, FAMILIES, FOUND, Place, QUESTION, THOUGHT, WEATHER, all, check, require,
} from "./checks.mjs";

const { APICallError, Output, embedMany, generateText, stepCountIs, streamText, tool } = require("ai");
const { createAnthropic } = require("@ai-sdk/anthropic");
const { createOpenAI } = require("@ai-sdk/openai");

// The names of models are the gateway's, of which it knows nothing; it need not say so each time.
globalThis.AI_SDK_LOG_WARNINGS = false;

const options = { baseURL: `${BASE}/v1`, apiKey: "sk-caller" };
const openai = createOpenAI(options);
const anthropic = createAnthropic(options);

// What makes each of them think.
const CLIENTS = {
  "openai.chat": [openai.chat, { openai: { reasoningEffort: "low", forceReasoning: true } }],
  "openai.responses": [
    openai.responses,
    {
      openai: {
        forceReasoning: true,
        include: ["reasoning.encrypted_content"],
        reasoningEffort: "low",
        reasoningSummary: "auto",
        store: false,
      },
    },
  ],
  anthropic: [anthropic, { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } }],
};

const get_weather = tool({
  description: "The weather of a city.",
  inputSchema: Place,
  execute: ({ city }) => WEATHER[city],
});

async function tries(name, make, providerOptions, family) {
  const ask = { model: make(`${family}-plain`), prompt: "Hi", maxRetries: 0 };
  const loop = { ...ask, prompt: QUESTION, tools: { get_weather }, stopWhen: stepCountIs(3) };

  await check(`${family}: ${name}: text`, async () => {
    const { finishReason, text, usage } = await generateText(ask);
    assert.equal(text, "Hello there.");
    assert.equal(finishReason, "stop");
    assert.equal(usage.outputTokens, 10);
  });

  await check(`${family}: ${name}: streaming`, async () => {
    const stream = streamText(ask);
    assert.deepEqual(await all(stream.textStream), ["Hello ", "there."]);
    assert.equal(await stream.finishReason, "stop");
    assert.equal((await stream.usage).outputTokens, 10);
  });

  await check(`${family}: ${name}: tools`, async () => {
    const { steps, text } = await generateText(loop);
    assert.deepEqual(steps[0].toolResults.map(({ output }) => output), Object.values(WEATHER));
    assert.equal(text, FOUND);
    const stream = streamText(loop);
    const parts = await all(stream.fullStream);
    assert.deepEqual(parts.filter(({ type }) => type === "error"), []);
    assert.equal(await stream.text, FOUND);
  });

  await check(`${family}: ${name}: structured output`, async () => {
    const output = Output.object({ schema: City });
    assert.deepEqual((await generateText({ ...ask, output })).output, CITY);
    assert.deepEqual(await streamText({ ...ask, output }).output, CITY);
  });

  await check(`${family}: ${name}: thoughts`, async () => {
    const whole = await generateText({ ...loop, providerOptions });
    const stream = streamText({ ...loop, providerOptions });
    const errors = (await all(stream.fullStream)).filter(({ type }) => type === "error");
    assert.deepEqual(errors, []);
    const [first] = await stream.steps;
    if (name !== "openai.chat") {
      // Which has no place for thoughts.
      assert.equal(whole.steps[0].reasoningText, THOUGHT);
      assert.equal(first.reasoningText, THOUGHT);
    }
    assert.equal(whole.text, FOUND);
    assert.equal(await stream.text, FOUND);
  });

  await check(`${family}: ${name}: errors`, async () => {
    const model = make(`${family}-throttled`);
    await assert.rejects(() => generateText({ ...ask, model }), (raised) => {
      assert.ok(APICallError.isInstance(raised), `${raised}`);
      assert.equal(raised.statusCode, 429);
      assert.ok(raised.isRetryable);
      assert.equal(raised.responseHeaders["retry-after"], "7");
      assert.match(raised.message, /Too many requests\./);
      return true;
    });
  });
}

for (const family of FAMILIES) {
  for (const [name, [make, providerOptions]] of Object.entries(CLIENTS)) {
    await tries(name, make, providerOptions, family);
  }
}

await check("embedMany", async () => {
  const model = openai.embedding("openai-plain");
  const { embeddings } = await embedMany({ model, values: ["a", "bc"] });
  assert.deepEqual(embeddings, [[0, 0.25], [1, 0.5]]);
});
