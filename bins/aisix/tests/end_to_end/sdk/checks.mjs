// What the scripts that try a package share: a PASS or a FAIL line for each thing that is tried.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// A path that ends in the folder's name resolves packages from the folder itself.
export const require = createRequire(`${process.env.NODE_MODULES}/`);
const { z } = require("zod");

export const BASE = process.env.GATEWAY_BASE;
export const FAMILIES = ["openai", "anthropic"];
export const QUESTION = "How is the weather in Oslo and in Rome?";
export const WEATHER = { Oslo: "3 degrees", Rome: "21 degrees" };
export const FOUND = "Found: 3 degrees, 21 degrees.";
export const City = z.object({ name: z.string(), people: z.number() });
export const CITY = { name: "Oslo", people: 709037 };
export const Place = z.object({ city: z.string() });
export const PLACES = [{ city: "Oslo" }, { city: "Rome" }];
export const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
// What the provider behind the gateway thinks, and what it seals its thoughts with.
export const THOUGHT = "Norway, so Oslo.";
export const SEAL = "EqQBCgIYAhIM1gbcDa9GJwZA";

// Runs something, and says whether it worked.
export async function check(name, work) {
  try {
    await work();
    console.log("PASS", name);
  } catch (error) {
    console.error(error);
    console.log("FAIL", name);
  }
}

// Makes sure that a call raises exactly this error, with these fields; answers it.
export async function raises(kind, call, fields = {}) {
  let raised;
  try {
    await call();
  } catch (error) {
    raised = error;
  }
  assert.ok(raised, `no ${kind.name}`);
  assert.equal(raised.constructor, kind, `${raised}`);
  for (const [field, value] of Object.entries(fields)) assert.equal(raised[field], value, field);
  return raised;
}

// Everything that a stream brings.
export async function all(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}
