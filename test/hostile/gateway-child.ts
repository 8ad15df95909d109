import { parseGatewayConfig } from '@penstock/config-schema';
import { initialize, startGateway } from '@penstock/gateway';

/** Runs a gateway in a process of its own: its memory must be measured separately from that of its attackers. */
const report = (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

const result = parseGatewayConfig(process.env['GATEWAY_FILE'] ?? '', {
  environment: {},
  readFile: () => '',
  directory: process.cwd(),
});
if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
const { config } = result;
const { pins, adminToken } = await initialize({ config, hosts: [], newAdminToken: false, now: Date.now() });
const gateway = await startGateway({ config, log: report });
report('ready', {
  tunnel: gateway.tunnel.port,
  admin: gateway.admin.port,
  ingress: Object.fromEntries(config.connections.map(({ name }) => [name, gateway.ingressOf(name)[0]?.port])),
  pins,
  adminToken: adminToken?.token,
});
process.once('SIGTERM', () => void gateway.stop());
