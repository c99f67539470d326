// Uses Zoho's own Node SDK with a refresh token, and prints what each call gets; input and output as in
// sdk-python/zoho_refresh.py.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as ZOHOCRMSDK from "@zohocrm/nodejs-sdk-8.0";

const { DataCenter, FileStore, InitializeBuilder, Levels, LogBuilder, OAuthBuilder, UnblockEmail } = ZOHOCRMSDK;

const given = JSON.parse(readFileSync(0, "utf8"));
const place = mkdtempSync(join(tmpdir(), "zoho-"));
process.chdir(place);

// The HTTP status of one call.
async function unblock() {
  const body = new UnblockEmail.BodyWrapper();
  body.setUnblockFields(["Email"]);
  return (await new UnblockEmail.UnblockEmailOperations("Leads").unblockEmail(1n, body)).getStatusCode();
}

const environment = DataCenter.setEnvironment(given.base_url, given.accounts_url, `${given.base_url}/`);
const token = new OAuthBuilder()
  .clientId(given.client_id)
  .clientSecret(given.client_secret)
  .refreshToken(given.refresh_token)
  .findUser(false)
  .build();
const store = new FileStore(join(place, "tokens.csv"));
const builder = await new InitializeBuilder();
builder.environment(environment).token(token).store(store).resourcePath(place);
builder.logger(new LogBuilder().level(Levels.OFF).build());
await builder.initialize();

const tokens = new Set();
const statuses = [];
for (const pause of [0, ...given.pauses]) {
  await setTimeout(1000 * pause);
  statuses.push(await unblock());
  tokens.add((await store.getTokens())[0].getAccessToken());
}
// `token.revoke(id)` does not wait for its own store, and so finds no token; this is the call that it would make. The
// SDK asks the answer for a method that it lacks, after it has come
const revoked = await token.revokeRefreshToken(given.refresh_token, `${given.accounts_url}/revoke`).catch(String);
await setTimeout(1000 * given.pauses.at(-1));
const after = String(await unblock().catch(String));
const said = JSON.stringify({ tokens: tokens.size, statuses, revoked, after });
process.stdout.write(said, () => process.exit(0));
