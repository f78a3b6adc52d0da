package nixbuildshell.listing;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Prints rows in columns; below each row stands a line of its own, as long as it is. */
final class Table {
  private static final int WIDTH = 80;
  private static final String GAP = "  ";

  private final List<String> titles;
  private final int flexible;
  private final List<List<String>> rows = new ArrayList<>();
  private final List<String> below = new ArrayList<>();

  /**
   * Makes a table.
   *
   * @param flexible the column that is cut so that the table fits 80 columns
   * @param titles of the columns
   */
  Table(int flexible, String... titles) {
    this.flexible = flexible;
    this.titles = List.of(titles);
  }

  /**
   * Adds a row.
   *
   * @param line what stands below it
   * @param cells as many as there are titles
   */
  void add(String line, List<String> cells) {
    below.add(line);
    rows.add(cells);
  }

  void print(PrintStream out) {
    int[] widths = new int[titles.size()];
    int all = GAP.length() * (widths.length - 1);
    for (int column = 0; column < widths.length; column++) {
      widths[column] = titles.get(column).length();
      for (List<String> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
      all += widths[column];
    }
    int least = titles.get(flexible).length();
    widths[flexible] = Math.max(least, widths[flexible] - Math.max(0, all - WIDTH));
    out.println(line(titles, widths));
    for (int i = 0; i < rows.size(); i++) {
      out.println(line(rows.get(i), widths));
      out.println(" ".repeat(widths[0]) + GAP + below.get(i));
    }
  }

  private String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String cell = cut(cells.get(column), widths[column]);
      line.append(column == 0 ? "" : GAP)
          .append(cell)
          .append(" ".repeat(widths[column] - cell.length()));
    }
    return line.toString().stripTrailing();
  }

  private static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "…";
  }
}
