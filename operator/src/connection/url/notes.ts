/** What to know before one pastes a string. Each is a way in which connections fail in the field. */
export const notes = {
  keepalive:
    'Load balancers forget idle connections after some minutes, silently: keep TCP keepalive on, with an interval below theirs.',
  'jdbc-password':
    'The password belongs into the data source or the properties of the connection, not into the URL.',
  'libpq-password': 'The password belongs into PGPASSWORD, a passfile or the prompt, not into the URL.',
  'uri-password':
    'Give the password as the client takes secrets, and not on a command line that others can list.',
  'tcp-verify-full':
    "TLS is between this driver and the database, and the host in the URL is the gateway's: verify-full fails unless the database's certificate names that host too. Use verify-ca with the database's authority.",
  'passthrough-name':
    "TLS goes through to the database: to verify the name, the database's certificate must name the host of this URL.",
  'terminate-name': "TLS ends at the gateway, and it is the gateway's certificate that the driver checks.",
  'terminate-binding':
    'A login by SCRAM is bound to the certificate that the client sees, and the database knows another one: channel binding is off in this string, or the login fails.',
  'sni-dotted':
    'Java sends the server name only for a name with a dot, and never for an address: write the host as it stands here.',
  dns: 'The host of this URL must resolve to the gateway, in DNS or in the hosts file.',
  'libpq-sni': 'libpq sends the server name from version 14 on.',
  'libpq-no-sni':
    'An older libpq names the connection instead: add options=-c%20penstock.connection=NAME, where NAME is the connection.',
  'direct-tls':
    'PostgreSQL 17 and newer take TLS without the round trip before it: sslNegotiation=direct (pgjdbc 42.7.4), sslnegotiation=direct (libpq 17), SslNegotiation=Direct (Npgsql 9).',
  cancel:
    'Canceling a query works: the driver opens one more connection for it, which counts like any other.',
  'cancel-sni': 'Canceling a query works: the gateway brings the request to the server of its client.',
  'java-authority':
    'For a private authority leave sslfactory out and name a file with the authority of ingressTls: sslrootcert=FILE.',
  'libpq-system':
    'sslrootcert=system needs libpq 16. For an older one, or a private authority, name a file with the authority of ingressTls.',
  'jvm-socks':
    'These options are for the whole JVM: every other connection of it takes the proxy too, unless socksNonProxyHosts names its host.',
  'jvm-grant':
    'The JVM sends no SOCKS credentials for sockets of drivers, so the grant stands in the host, between the two hyphens and the dot, without its beginning pst_grant_. Keep such a URL as secret as a password.',
  'remote-dns':
    'The name is resolved at the agent. A client that resolves it first cannot find it here, and fails.',
  'local-dns':
    'This driver resolves the host itself before it asks the proxy: ADDRESS is the IP address of the target, as the connector in agent.yaml has it (--target).',
  'proxy-verify-full':
    "TLS is between this driver and the database: to verify the name, ask for the host and port of agent.yaml instead of the connection's name (--target), and the database's certificate fits.",
  'mariadb-tls':
    'From version 3.4 on the driver insists on TLS and on a certificate that names the host of the URL. For a server without TLS add sslMode=disable, for a private authority serverSslCert and sslMode=verify-ca.',
  'mysql-verify':
    "TLS is between this driver and the database, and the host in the URL is the gateway's: sslMode=VERIFY_IDENTITY fails unless the database's certificate names that host too. Use VERIFY_CA with the database's authority.",
  'mysql-no-retry':
    'MySQL counts connections that end before the login, and blocks their host after max_connect_errors of them: no bare TCP health checks on this port.',
  'mssql-certificate':
    "With encrypt=true the driver compares the certificate with the host of the URL. hostNameInCertificate names the host that the server's certificate has.",
  'mssql-strict':
    'encrypt=strict is TDS 8, of SQL Server 2022 and newer. Older servers wrap TLS in their own protocol, which names no host.',
  'mssql-spn':
    'Kerberos derives the service name from the URL, and gets it wrong here: add serverSpn=MSSQLSvc/HOST:PORT with the name the server itself has.',
  'mssql-redirect':
    'A listener of an availability group with read-only routing sends the driver on to another host: use SOCKS5, and list that host in the connector.',
  'oracle-redirect':
    'A SCAN or shared-server listener sends the driver on to another host and port: name one node here, or use SOCKS5 and list the nodes in the connector.',
  'oracle-keepalive': 'In the long form of the descriptor, (ENABLE=BROKEN) turns keepalive on.',
  'oracle-sni':
    'Thin drivers send the server name with oracle.net.ssl_server_dn_match and a TCPS address from 23ai on; older ones need another way in.',
  'oracle-proxy-tcps':
    'The driver takes an HTTP proxy for TCPS addresses alone, and sends it no credentials: such a way in needs grant: none.',
  'mongodb-direct':
    'Without directConnection=true the driver asks the replica set for its members and connects to those, which do not resolve here. Use the connection of the primary.',
  'mongodb-socks':
    'The Node driver also needs the package socks. Each member that the driver is to find must be listed in the connector.',
  'redis-cluster':
    'A Redis Cluster sends clients on to other nodes: turn cluster mode off, or make a connection for every node.',
  'basic-on-connect':
    'From 8u111 on the JDK sends no Basic credentials on CONNECT: set jdk.http.auth.tunneling.disabledSchemes to nothing.',
  'proxy-clear':
    'The client speaks to the proxy in the clear, its grant as well where it has one: only inside a network that you trust.',
  'proxy-certificate':
    'The client checks the certificate of the gateway as well: for a private authority, curl takes --proxy-cacert.',
  'proxy-secret':
    'The grant is a credential: have curl read it from a file (--config) where others can list processes.',
} as const satisfies Readonly<Record<string, string>>;

export type NoteId = keyof typeof notes;
