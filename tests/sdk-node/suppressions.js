// Drives every suppression route with @sendgrid/client as it is; prints what came back as JSON, for a test to look at.
// Environment: BASE_URL, TOKEN, and the addresses to work on as ADDRESSES (a JSON array of four on the bounce list).

const { Client } = require('@sendgrid/client');

const client = new Client();
client.setApiKey(process.env.TOKEN);
client.setDefaultRequest('baseUrl', process.env.BASE_URL); // setApiKey sets it back, so it comes after
const [first, second, third, plus] = JSON.parse(process.env.ADDRESSES);

async function ask(method, url, more = {}) {
  try {
    const [response, body] = await client.request({ method, url, ...more });
    return { status: response.statusCode, body, limit: response.headers['x-ratelimit-limit'] };
  } catch (error) {
    return { status: error.code, body: error.response && error.response.body, limit: null };
  }
}

async function main() {
  const bounces = '/v3/suppression/bounces';
  const unsubscribes = '/v3/asm/suppressions/global';
  const seen = {};
  seen.list = await ask('GET', bounces, { qs: { limit: 500, email: first.slice(0, 12) } });
  seen.wildcard = await ask('GET', bounces, { qs: { email: `%${first.slice(2, 12)}%` } });
  seen.outOfRange = await ask('GET', bounces, { qs: { limit: 501 } });
  seen.one = await ask('GET', `${bounces}/${first}`);
  seen.plus = await ask('GET', `${bounces}/${plus}`);
  seen.deleteOne = await ask('DELETE', `${bounces}/${first}`);
  seen.deleteAgain = await ask('DELETE', `${bounces}/${first}`);
  seen.deleteSome = await ask('DELETE', bounces, { body: { emails: [second, third] } });
  seen.deleteBoth = await ask('DELETE', bounces, { body: { delete_all: false, emails: [plus] } });
  seen.deleteNothing = await ask('DELETE', bounces);
  seen.left = await ask('GET', bounces, { qs: { email: first.slice(0, 12) } });
  seen.add = await ask('POST', unsubscribes, { body: { recipient_emails: [first] } });
  seen.unsubscribed = await ask('GET', `${unsubscribes}/${first}`);
  seen.resubscribe = await ask('DELETE', `${unsubscribes}/${first}`);
  seen.resubscribed = await ask('GET', `${unsubscribes}/${first}`);
  seen.classifications = await ask('GET', `${bounces}/classifications`);
  seen.purge = await ask('GET', '/v3/mail_settings/bounce_purge');
  for (const name of ['blocks', 'invalid_emails', 'spam_reports', 'unsubscribes']) {
    seen[name] = await ask('GET', `/v3/suppression/${name}`, { qs: { limit: 1 } });
  }
  console.log(JSON.stringify(seen));
}

main();
