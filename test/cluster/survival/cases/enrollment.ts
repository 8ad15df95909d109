import type { Case } from '../case.ts';
import { enrollAt, newKeyRequest } from '../enroll-at.ts';
import { REPLICAS } from '../site.ts';

const ROUNDS = 5;

export const enrollmentRaces: Case = {
  name: 'the same key and the same name enroll at two replicas at once',
  async run({ site, check }) {
    const [first, second] = REPLICAS.map((name) => site.host(name).address);
    const names: string[] = [];
    const race = async (requests: readonly object[]) =>
      await Promise.all(
        [first, second].map((address, index) => enrollAt(address ?? '', requests[index] ?? {})),
      );
    const token = async () => {
      const { body } = await site.api('r3', 'POST /enrollment-tokens', { pool: 'dc1', uses: 5 });
      return String(body['token']);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const csr = await newKeyRequest();
      const same = { token: await token(), csr, name: `same-key-${round}`, pool: 'dc1' };
      const [one, other] = await race([same, same]);
      check(
        one?.status === 200 && one.body['agentId'] === other?.body['agentId'],
        `The same key at two replicas: ${JSON.stringify([one?.status, other?.status])}, not one agent.`,
      );
      const name = `same-name-${round}`;
      const answers = await race([
        { token: await token(), csr: await newKeyRequest(), name, pool: 'dc1' },
        { token: await token(), csr: await newKeyRequest(), name, pool: 'dc1' },
      ]);
      const enrolled = answers.filter(({ status }) => status === 200).length;
      check(enrolled === 1, `${enrolled} of two agents enrolled with the name ${name}.`);
      names.push(`same-key-${round}`, name);
    }
    for (const name of names) {
      const { items } = await site.api('r1', `GET /agents?limit=500`);
      const rows = items.filter((agent) => agent['name'] === name);
      check(rows.length <= 1, `There are ${rows.length} agents ${name}.`);
      const { status } = await site.api('r2', `POST /agents/${name}/revoke`);
      check(status === 200, `Revoking ${name} was answered with ${status}.`);
    }
    return { facts: { races: 2 * ROUNDS } };
  },
};
