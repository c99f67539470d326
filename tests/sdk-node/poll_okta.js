// Polls the system log with Okta's Node SDK; see ../sdk-python/poll_okta3.py.
const { Client } = require('@okta/okta-sdk-nodejs');

const [baseUrl, token, filter, count] = process.argv.slice(2);
const MILLISECONDS_BETWEEN_POLLS = 1000;

async function main() {
  const client = new Client({ orgUrl: baseUrl, token });
  const collection = await client.systemLogApi.listLogEvents({ filter, limit: 7 });
  let seen = 0;
  let further = 2;
  while (further > 0) {
    const page = await collection.getNextPage();
    page.forEach((entry) => console.log(entry.target[0].id));
    seen += page.length;
    if (seen >= Number(count)) further -= 1;
    if (page.length === 0) await new Promise((resolve) => setTimeout(resolve, MILLISECONDS_BETWEEN_POLLS));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
