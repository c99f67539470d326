// Calls Zoho's own Node SDK and prints what it makes of each answer; input and output as in sdk-python/zoho_unblock.py.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ZOHOCRMSDK from "@zohocrm/nodejs-sdk-8.0";

// The SDK wants to store its token somewhere.
class Forgetful extends ZOHOCRMSDK.TokenStore.MasterModel {
  async findToken() { return null; }
  async findTokenById() { return null; }
  async saveToken() {}
  async deleteToken() {}
  async getTokens() { return []; }
  async deleteTokens() {}
}

const { DataCenter, InitializeBuilder, Levels, LogBuilder, OAuthBuilder, UnblockEmail } = ZOHOCRMSDK;

const asked = JSON.parse(readFileSync(0, "utf8"));
const place = mkdtempSync(join(tmpdir(), "zoho-"));
process.chdir(place);

const plain = (value) => (typeof value?.getValue === "function" ? value.getValue() : value);
const described = (item) => ({
  code: plain(item.getCode()),
  message: plain(item.getMessage()),
  status: plain(item.getStatus()),
  details: Object.fromEntries([...(item.getDetails() ?? new Map())].map(([name, value]) => [name, plain(value)])),
});

async function call(wanted) {
  const body = new UnblockEmail.BodyWrapper();
  if (wanted.fields) body.setUnblockFields(wanted.fields);
  if (wanted.ids) body.setIds(wanted.ids);
  const operations = new UnblockEmail.UnblockEmailOperations(wanted.module);
  try {
    const response = wanted.id
      ? await operations.unblockEmail(BigInt(wanted.id), body)
      : await operations.unblockEmails(body);
    const answer = response.getObject();
    const http = response.getStatusCode();
    if (answer instanceof UnblockEmail.ActionWrapper) return { kind: "actions", http, data: answer.getData().map(described) };
    if (answer instanceof UnblockEmail.APIException) return { kind: "error", http, ...described(answer) };
    return { kind: "none", http };
  } catch (problem) {
    return { kind: "raised", problem: String(problem) };
  }
}

const environment = DataCenter.setEnvironment(asked.base_url, `${asked.base_url}/oauth/v2/token`, `${asked.base_url}/`);
const token = new OAuthBuilder().accessToken(asked.token).findUser(false).build();
const builder = await new InitializeBuilder();
builder.environment(environment).token(token).store(new Forgetful()).resourcePath(place);
builder.logger(new LogBuilder().level(Levels.OFF).build());
await builder.initialize();

const answers = [];
for (const wanted of asked.calls) answers.push(await call(wanted));
const text = JSON.stringify(answers, (_, value) => (typeof value === "bigint" ? String(value) : value));
process.stdout.write(text, () => process.exit(0));
