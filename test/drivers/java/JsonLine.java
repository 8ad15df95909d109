/** Prints an event as one line of JSON for the test to read. */
final class JsonLine {
  private JsonLine() {}

  /** Takes alternating names and values. Numbers and booleans are kept; everything else becomes text. */
  static synchronized void print(String event, Object... fields) {
    StringBuilder line = new StringBuilder("{\"event\":").append(quoted(event));
    for (int index = 0; index < fields.length; index += 2) {
      Object value = fields[index + 1];
      boolean bare = value == null || value instanceof Number || value instanceof Boolean;
      line.append(',').append(quoted(String.valueOf(fields[index]))).append(':');
      line.append(bare ? String.valueOf(value) : quoted(value.toString()));
    }
    System.out.println(line.append('}'));
  }

  /** Prints a failure with its causes. */
  static void printFailure(String step, Throwable failure) {
    StringBuilder reasons = new StringBuilder();
    for (Throwable each = failure; each != null; each = each.getCause()) {
      reasons.append(reasons.isEmpty() ? "" : " <- ").append(each);
    }
    String state = failure instanceof java.sql.SQLException sql ? sql.getSQLState() : null;
    print("failed", "step", step, "state", state == null ? "" : state, "reason", reasons);
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char each : text.toCharArray()) {
      if (each == '"' || each == '\\') out.append('\\').append(each);
      else if (each < ' ') out.append(String.format("\\u%04x", (int) each));
      else out.append(each);
    }
    return out.append('"').toString();
  }
}
