/** Notes on connection strings. Each describes a way in which connections fail in practice. */
export const notes = {
  keepalive:
    'Load balancers silently drop idle connections after a few minutes. Keep TCP keepalive enabled, with an interval shorter than theirs.',
  'jdbc-password': 'Put the password in the data source or the connection properties, not in the URL.',
  'libpq-password': 'Pass the password in PGPASSWORD, a password file or the prompt, not in the URL.',
  'uri-password':
    'Pass the password as the client reads secrets, not on a command line that other users can list.',
  'tcp-verify-full':
    "TLS is between this driver and the database, but the host in the URL is the gateway's. verify-full fails unless the database's certificate also contains that host. Use verify-ca with the CA of the database.",
  'passthrough-name':
    "TLS is passed through to the database. To verify the name, the database's certificate must contain the host of this URL.",
  'terminate-name': "TLS terminates at the gateway, and the driver verifies the gateway's certificate.",
  'terminate-binding':
    'A SCRAM login with channel binding is bound to the certificate that the client sees, which is not the one of the database. This string disables channel binding; otherwise the login fails.',
  'sni-dotted':
    'Java sends the server name only if it contains a dot and is not an IP address. Use the host as shown.',
  dns: 'The host of this URL must resolve to the gateway, in DNS or in the hosts file.',
  'libpq-sni': 'libpq 14 and later send the server name.',
  'libpq-no-sni':
    'For an older libpq, specify the connection instead: add options=-c%20penstock.connection=NAME, where NAME is the name of the connection.',
  'direct-tls':
    'PostgreSQL 17 and later can start TLS without the preceding round trip: sslNegotiation=direct (pgjdbc 42.7.4), sslnegotiation=direct (libpq 17), SslNegotiation=Direct (Npgsql 9).',
  cancel:
    'Query cancellation works. The driver opens an additional connection for it, which counts like any other.',
  'cancel-sni': 'Query cancellation works. The gateway forwards the request to the server of its client.',
  'java-authority':
    'For a private CA, omit sslfactory and specify a file with the CA of ingressTls: sslrootcert=FILE.',
  'libpq-system':
    'sslrootcert=system requires libpq 16. For an older version or a private CA, specify a file with the CA of ingressTls.',
  'jvm-socks':
    'These options apply to the whole JVM: all its other connections use the proxy too, unless socksNonProxyHosts lists their hosts.',
  'jvm-grant':
    'The JVM does not send SOCKS credentials for sockets of drivers. The grant is therefore part of the host name, after the two hyphens and without its prefix pst_grant_. Treat such a URL as a secret.',
  'remote-dns':
    'The name is resolved at the agent. Clients that resolve it before connecting to the proxy fail.',
  'local-dns':
    'This driver resolves the host before it connects to the proxy. ADDRESS is the IP address of the target, as configured for the connector in agent.yaml (--target).',
  'proxy-verify-full':
    "TLS is between this driver and the database. To verify the name, request the host and port in agent.yaml instead of the connection's name (--target), so that the database's certificate matches.",
  'mariadb-tls':
    'This driver cannot use TLS only where the server supports it, and newer versions require it by default; sslMode=disable works with servers without TLS. For a server with TLS, replace it by sslMode=verify-ca and add serverSslCert with the CA of the database.',
  'mysql-verify':
    "TLS is between this driver and the database, but the host in the URL is the gateway's. sslMode=VERIFY_IDENTITY fails unless the database's certificate also contains that host. Use VERIFY_CA with the CA of the database.",
  'mysql-no-retry':
    'MySQL counts connections that are closed before the login, and blocks their host after max_connect_errors of them. Do not use plain TCP health checks on this port.',
  'mssql-certificate':
    "With encrypt=true, the driver compares the server's certificate with the host of the URL. Set hostNameInCertificate to the host in the certificate.",
  'mssql-strict':
    'encrypt=strict is TDS 8, which requires SQL Server 2022 or later. Older servers wrap TLS in their own protocol, which does not send a server name.',
  'mssql-spn':
    "Kerberos derives the service name from the URL, which is wrong here. Add serverSpn=MSSQLSvc/HOST:PORT with the server's own host name.",
  'mssql-redirect':
    'An availability group listener with read-only routing redirects the driver to another host. Use SOCKS5 and list that host in the connector.',
  'oracle-redirect':
    'A SCAN or shared-server listener redirects the driver to another host and port. Connect to a single node, or use SOCKS5 and list the nodes in the connector.',
  'oracle-keepalive': 'In the long form of the descriptor, (ENABLE=BROKEN) enables keepalive.',
  'oracle-sni':
    'Thin drivers send the server name from version 23ai on, with oracle.net.ssl_server_dn_match and a TCPS address. Older drivers require another ingress.',
  'oracle-proxy-tcps':
    'The driver uses an HTTP proxy only for TCPS addresses and without credentials, so the ingress needs grant: none.',
  'mongodb-direct':
    'Without directConnection=true, the driver discovers the members of the replica set and connects to their host names, which do not resolve here. Use a connection to the primary.',
  'mongodb-socks':
    'The Node.js driver also requires the package socks. List each member that the driver must reach in the connector.',
  'redis-cluster':
    'A Redis Cluster redirects clients to other nodes. Disable cluster mode, or create a connection for each node.',
  'basic-on-connect':
    'From 8u111 on, the JDK does not send Basic credentials with CONNECT. Set jdk.http.auth.tunneling.disabledSchemes to an empty value.',
  'proxy-clear':
    'The client communicates with the proxy in plaintext, including its grant, if any. Use this only within a trusted network.',
  'proxy-certificate':
    "The client also verifies the gateway's certificate. For a private CA, use --proxy-cacert with curl.",
  'proxy-secret':
    'The grant is a credential. If other users can list processes, pass it to curl in a file (--config).',
  'keepalive-system':
    'Load balancers silently drop idle connections after a few minutes. This client uses the TCP keepalive of the operating system at most: on Linux, set net.ipv4.tcp_keepalive_time below their timeout, or close idle connections of the pool earlier.',
  'argument-password':
    'Pass the password as an argument or option of its own (password), or in the configuration that the driver parses from this string, not in the string.',
  'asyncpg-authority':
    'asyncpg has no default for the trusted CAs. Replace FILE by a file with the CA of ingressTls; for a public CA, by that of the system, such as /etc/ssl/certs/ca-certificates.crt.',
  'pgx-binding':
    'For a private CA, add sslrootcert=FILE with the CA of ingressTls. pgx 5.9 and later must not bind a SCRAM login to the certificate of the gateway; earlier versions do not know channel_binding, so remove it there.',
  'odbc-password':
    'Pass the password as an argument (Pwd) or from the configuration of the application, not in a string that is stored or logged.',
  'odbc-driver':
    'The driver has the name under which it is installed, in odbcinst.ini or the ODBC administrator: PostgreSQL Unicode on Debian, PostgreSQL Unicode(x64) on Windows.',
  dbeaver:
    'Choose "Connect by: URL" in the connection settings and paste this; user and password have fields of their own. DBeaver connects with this JDBC driver.',
  'mysql-program-password':
    'Add --password to be asked for the password, or put it in an option file (~/.my.cnf). On the command line, other users can list it.',
  'mysql-program-tls':
    'TLS is between this program and the database. The program of MariaDB 11.4 and later verifies the certificate: add --ssl-ca=FILE, or --skip-ssl for a server without TLS.',
  'mysql2-tls':
    "This driver uses TLS only if the option ssl is set. To verify the database's certificate, set ssl.ca and ssl.verifyIdentity, with its own name as servername.",
  'pymysql-tls':
    'PyMySQL uses TLS if the server supports it, without verifying the certificate. To verify it, add ssl_ca.',
  'sqlalchemy-password':
    'Insert the password with URL.set(password=…) or connect_args, not in a string that is stored or logged.',
  'go-mysql-password':
    'Set Passwd in the configuration that mysql.ParseDSN returns, and open it with mysql.NewConnector, or put the password after the user and a colon.',
  'go-mysql-tls':
    'tls=preferred uses TLS if the server supports it, without verifying the certificate. To verify it, register a configuration with mysql.RegisterTLSConfig and use its name.',
} as const satisfies Readonly<Record<string, string>>;

export type NoteId = keyof typeof notes;
