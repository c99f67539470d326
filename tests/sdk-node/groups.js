// Drives every route of unsubscribe groups with @sendgrid/client as it is; prints what came back as JSON, for a test.
// Environment: BASE_URL, TOKEN, NAME of a new group, and ADDRESSES (a JSON array of two).

const { Client } = require('@sendgrid/client');

const client = new Client();
client.setApiKey(process.env.TOKEN);
client.setDefaultRequest('baseUrl', process.env.BASE_URL); // setApiKey sets it back, so it comes after
const [first, second] = JSON.parse(process.env.ADDRESSES);

async function ask(method, url, more = {}) {
  try {
    const [response, body] = await client.request({ method, url, ...more });
    return { status: response.statusCode, body };
  } catch (error) {
    return { status: error.code, body: error.response && error.response.body };
  }
}

async function main() {
  const groups = '/v3/asm/groups';
  const seen = {};
  seen.create = await ask('POST', groups, { body: { name: process.env.NAME, description: 'by Node', is_default: false } });
  const group = `${groups}/${seen.create.body.id}`;
  seen.again = await ask('POST', groups, { body: { name: process.env.NAME, description: 'by Node' } });
  seen.change = await ask('PATCH', group, { body: { ...seen.create.body, description: 'changed' } });
  seen.add = await ask('POST', `${group}/suppressions`, { body: { recipient_emails: [first, second] } });
  seen.get = await ask('GET', group);
  seen.some = await ask('GET', groups, { qs: { id: [seen.create.body.id] } });
  seen.members = await ask('GET', `${group}/suppressions`);
  seen.search = await ask('POST', `${group}/suppressions/search`, { body: { recipient_emails: ['no@example.com', second] } });
  seen.remove = await ask('DELETE', `${group}/suppressions/${first}`);
  seen.removeAgain = await ask('DELETE', `${group}/suppressions/${first}`);
  seen.entries = await ask('GET', '/v3/asm/suppressions', { qs: { limit: 20000 } });
  seen.groupsOf = await ask('GET', `/v3/asm/suppressions/${second}`);
  seen.delete = await ask('DELETE', group);
  seen.gone = await ask('GET', group);
  console.log(JSON.stringify(seen));
}

main();
