// Before the gateway's first start: has it make its data directory, and hands its certificate pins to the agents.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const handover = '/var/lib/penstock-handover';
const onlyForUs = { mode: 0o600 };

const output = execFileSync(
  process.execPath,
  [
    '/opt/penstock/gateway/bin/penstock-gateway.js',
    ...['init', '--config', '/etc/penstock/gateway.yaml', '--host', 'gateway', '--output', 'json'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const { pins, adminToken, dataDirectory } = JSON.parse(output);

const [current, backup = current] = pins;
writeFileSync(`${handover}/certificate-pin`, current, onlyForUs);
writeFileSync(`${handover}/certificate-pin-backup`, backup, onlyForUs);
// Shown once, at the first start. It lies beside the agents' CA, which is worth more.
if (adminToken !== null) writeFileSync(`${dataDirectory}/first-admin-token`, adminToken.token, onlyForUs);
