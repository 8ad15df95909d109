type Ingress = {
  readonly kind: string;
  readonly address: string;
  readonly port: number;
  readonly host?: string;
};

/** `tcp 0.0.0.0:15432`, `sni orders.example.com:443`. */
export function ingressText({ kind, address, port, host }: Ingress): string {
  const where = host ?? (address.includes(':') ? `[${address}]` : address);
  return `${kind} ${where}:${port}`;
}
