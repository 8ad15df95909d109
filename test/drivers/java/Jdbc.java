import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.Properties;

/**
 * Runs its steps on one JDBC connection: {@code java Jdbc URL STEP...}, with DB_USER and DB_PASSWORD in the
 * environment. A step is {@code value:SQL} (prints the first cell), {@code hash:SQL} (prints the number of rows and the
 * SHA-256 of the first column, one line each), or {@code cancel:SQL} (runs it, cancels it, and prints the result).
 */
public final class Jdbc {
  public static void main(String[] arguments) throws Exception {
    Properties login = new Properties();
    login.setProperty("user", System.getenv("DB_USER"));
    login.setProperty("password", System.getenv("DB_PASSWORD"));
    DriverManager.setLoginTimeout(20);
    String step = "connect";
    try (Connection connection = DriverManager.getConnection(arguments[0], login)) {
      JsonLine.print("connected", "driver", connection.getMetaData().getDriverVersion());
      for (int index = 1; index < arguments.length; index += 1) {
        step = arguments[index];
        run(connection, step.substring(0, step.indexOf(':')), step.substring(step.indexOf(':') + 1));
      }
    } catch (SQLException failure) {
      JsonLine.printFailure(step, failure);
      System.exit(1);
    }
  }

  private static void run(Connection connection, String kind, String sql) throws Exception {
    try (Statement statement = connection.createStatement()) {
      switch (kind) {
        case "value" -> printValue(statement, sql);
        case "hash" -> printHash(statement, sql);
        case "cancel" -> printCancel(statement, sql);
        default -> throw new IllegalArgumentException(kind);
      }
    }
  }

  private static void printValue(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      JsonLine.print("value", "sql", sql, "value", rows.getString(1));
    }
  }

  private static void printHash(Statement statement, String sql) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int count = 0;
    try (ResultSet rows = statement.executeQuery(sql);
        DigestOutputStream hash = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      for (; rows.next(); count += 1) hash.write((rows.getString(1) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    JsonLine.print("hash", "sql", sql, "rows", count, "sha256", HexFormat.of().formatHex(digest.digest()));
  }

  /** Statement.cancel has no effect on a query that has not started yet, so it is repeated until the query ends. */
  private static void printCancel(Statement statement, String sql) throws Exception {
    Thread canceler =
        new Thread(
            () -> {
              try {
                for (; ; ) {
                  Thread.sleep(300);
                  statement.cancel();
                }
              } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
              } catch (SQLException failure) {
                JsonLine.printFailure("cancel", failure);
              }
            });
    canceler.setDaemon(true);
    canceler.start();
    String state = "";
    String reason = "it ran to its end";
    try {
      statement.execute(sql);
    } catch (SQLException canceled) {
      state = canceled.getSQLState();
      reason = canceled.getMessage();
    }
    canceler.interrupt();
    canceler.join();
    JsonLine.print("cancel", "sql", sql, "state", state == null ? "" : state, "reason", reason);
  }
}
