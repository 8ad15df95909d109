import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Queries PostgreSQL through a pool that validates its connections: {@code java Pool URL CONNECTIONS SECONDS}. The server
 * sends a checksum with every result, which is compared with the received rows. Prints {@code working} when all connections
 * are in use, {@code progress} every second, {@code lost} for every query whose connection broke, {@code wrong} for every
 * result that does not match its checksum, and {@code done} with the totals.
 */
public final class Pool {
  /** Returns rows of random sizes, each with the number of rows and the hash of all rows, computed by the server. */
  private static final String QUERY =
      """
      with line as (select g, repeat(md5(g::text || ?), ?) as text from generate_series(1, ?) g)
      select text, count(*) over (), (select md5(string_agg(text, '' order by g)) from line) from line order by g
      """;

  private final HikariDataSource source;
  private final long end;
  private long answers;
  private long lost;
  private long wrong;
  private long refused;

  private Pool(String url, int connections, long seconds) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(System.getenv("DB_USER"));
    config.setPassword(System.getenv("DB_PASSWORD"));
    config.setMaximumPoolSize(connections);
    config.setConnectionTimeout(TimeUnit.SECONDS.toMillis(60));
    config.setValidationTimeout(TimeUnit.SECONDS.toMillis(20));
    // Connections do not expire, so every closed one was cut.
    config.setMaxLifetime(TimeUnit.HOURS.toMillis(1));
    config.setKeepaliveTime(0);
    this.source = new HikariDataSource(config);
    this.end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  public static void main(String[] arguments) throws Exception {
    // By default, Hikari validates only connections that were idle for half a second; here, all of them.
    System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
    int connections = Integer.parseInt(arguments[1]);
    Pool pool = new Pool(arguments[0], connections, Long.parseLong(arguments[2]));
    CountDownLatch ready = new CountDownLatch(connections);
    Thread[] workers = new Thread[connections];
    for (int index = 0; index < connections; index += 1) {
      workers[index] = new Thread(() -> pool.work(ready));
      workers[index].start();
    }
    ready.await();
    JsonLine.print("working");
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        worker.join(TimeUnit.SECONDS.toMillis(1));
        pool.printProgress();
      }
    }
    pool.source.close();
    JsonLine.print(
        "done",
        "answers", pool.answers,
        "lost", pool.lost,
        "wrong", pool.wrong,
        "refused", pool.refused);
  }

  private synchronized void printProgress() {
    JsonLine.print("progress", "answers", answers);
  }

  private void work(CountDownLatch ready) {
    boolean told = false;
    while (System.nanoTime() < end) {
      Connection connection;
      try {
        connection = source.getConnection();
      } catch (SQLException failure) {
        count(failure, "connect");
        continue;
      }
      try (connection) {
        if (!told) {
          ready.countDown();
          // No worker returns its connection until each has one, so all connections of the pool are in use.
          ready.await();
          told = true;
        }
        query(connection);
        // A pause between queries; without it, two cores have no CPU time left to start an agent.
        Thread.sleep(ThreadLocalRandom.current().nextInt(40));
      } catch (SQLException failure) {
        count(failure, "query");
      } catch (Exception failure) {
        count(failure, "check");
      }
    }
    if (!told) ready.countDown();
  }

  private void query(Connection connection) throws Exception {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int expected = random.nextInt(1, 400);
    MessageDigest digest = MessageDigest.getInstance("MD5");
    int rows = 0;
    String said = "";
    try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
      statement.setString(1, Long.toString(random.nextLong()));
      statement.setInt(2, random.nextInt(1, 40));
      statement.setInt(3, expected);
      try (ResultSet result = statement.executeQuery()) {
        for (; result.next(); rows += 1) {
          digest.update(result.getString(1).getBytes(StandardCharsets.UTF_8));
          said = result.getString(3);
        }
      }
    }
    String found = HexFormat.of().formatHex(digest.digest());
    synchronized (this) {
      answers += 1;
      if (rows == expected && found.equals(said)) return;
      wrong += 1;
    }
    JsonLine.print("wrong", "at", System.currentTimeMillis(), "rows", rows, "expected", expected, "found", found, "said", said);
  }

  private void count(Exception failure, String step) {
    synchronized (this) {
      if (step.equals("query")) lost += 1;
      else if (step.equals("connect")) refused += 1;
      else wrong += 1;
    }
    String state = failure instanceof SQLException sql ? sql.getSQLState() : "";
    JsonLine.print(
        "lost",
        "at", System.currentTimeMillis(),
        "step", step,
        "state", state == null ? "" : state,
        "reason", failure.toString());
  }
}
