export const PIN = 'sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

/** The shortest valid agent.yaml. */
export const MINIMAL_AGENT = `apiVersion: penstock/v1
kind: Agent
version: 3
name: agent-1
pool: dc1
gateway:
  url: https://gateway.example.com:8443
  pins: [${PIN}]
connectors:
  - {name: orders-db, kind: postgresql, address: orders.internal:5432}
`;

/** The shortest valid gateway.yaml with a connection. */
export const MINIMAL_GATEWAY = `apiVersion: penstock/v1
kind: Gateway
version: 7
organization: acme
pools:
  - name: dc1
connections:
  - name: orders
    connector: orders-db
    pools: [dc1]
    ingress:
      - {tcp: 0.0.0.0:15432, allow: [10.0.0.0/8]}
`;
