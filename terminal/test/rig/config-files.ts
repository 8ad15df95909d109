export const AGENT = `apiVersion: penstock/v1
kind: Agent
version: 3
name: agent-\${env:NUMBER}
pool: dc1
gateway:
  url: https://gateway.example.com:8443
  pins: [sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
identity:
  enrollmentToken: \${env:TOKEN}
connectors:
  - {name: orders-db, kind: postgresql, address: orders.internal:5432}
`;

export const GATEWAY = `apiVersion: penstock/v1
kind: Gateway
version: 7
organization: acme
pools:
  - name: dc1
`;

/** The variables that AGENT refers to. */
export const ENVIRONMENT = { NUMBER: '1', TOKEN: 'c4n4ryS3cr3t' };
