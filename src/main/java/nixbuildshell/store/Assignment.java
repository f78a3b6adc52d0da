package nixbuildshell.store;

import java.util.Arrays;

/**
 * Solves the assignment problem by shortest augmenting paths (the Hungarian method with
 * potentials), in O(rows² × columns).
 */
final class Assignment {
  private static final long INFINITE = Long.MAX_VALUE / 2;

  private final long[][] costs;
  private final long[] rowPotential;
  private final long[] columnPotential;

  /** The row that has a column, 0 for none; rows and columns count from 1. */
  private final int[] rowOf;

  private Assignment(long[][] costs) {
    this.costs = costs;
    this.rowPotential = new long[costs.length + 1];
    this.columnPotential = new long[costs[0].length + 1];
    this.rowOf = new int[costs[0].length + 1];
  }

  private Assignment(Assignment other) {
    this.costs = other.costs;
    this.rowPotential = other.rowPotential.clone();
    this.columnPotential = other.columnPotential.clone();
    this.rowOf = other.rowOf.clone();
  }

  /**
   * Returns for each column the smallest sum of costs with which a row has that column, and each
   * other row a column of its own.
   *
   * @param costs of each row and column, not negative, at most {@code Long.MAX_VALUE / 4}; no fewer
   *     columns than rows
   * @param row from 0
   * @param most a column that costs the row more is left out, with {@code Long.MAX_VALUE / 2}
   */
  static long[] sumsWith(long[][] costs, int row, long most) {
    Assignment others = new Assignment(costs);
    others.add(0, row);
    others.add(row + 1, costs.length);
    return others.sumsWith(row, most);
  }

  /** Returns the same for every row, in the rows' order. */
  static long[][] sumsWithEach(long[][] costs, long most) {
    long[][] sums = new long[costs.length][];
    new Assignment(costs).leaveOut(0, costs.length, most, sums);
    return sums;
  }

  /** Leaves out each row of a part, after all rows of other parts were added: half by half. */
  private void leaveOut(int first, int end, long most, long[][] sums) {
    if (end - first == 1) {
      sums[first] = sumsWith(first, most);
      return;
    }
    int middle = (first + end) / 2;
    Assignment half = new Assignment(this);
    half.add(middle, end);
    half.leaveOut(first, middle, most, sums);
    add(first, middle);
    leaveOut(middle, end, most, sums);
  }

  private void add(int first, int end) {
    for (int row = first; row < end; row++) {
      add(row + 1);
    }
  }

  /** Returns the sums for a row that is the only one without a column. */
  private long[] sumsWith(int row, long most) {
    long sum = 0;
    for (int column = 1; column < rowOf.length; column++) {
      if (rowOf[column] != 0) {
        sum += costs[rowOf[column] - 1][column - 1];
      }
    }
    long[] toFree = toFree(costs[row], most);
    long[] sums = new long[costs[row].length];
    for (int column = 0; column < sums.length; column++) {
      long own = costs[row][column];
      sums[column] = own > most ? INFINITE : sum + own + toFree[column + 1];
    }
    return sums;
  }

  /**
   * Returns for each column by how much the sum grows when its row has to leave it: the rows move
   * along the cheapest chain that ends in a free column (Dijkstra's method, from the free columns).
   *
   * @param own of the row that wants a column; only columns that cost it no more than {@code most}
   *     have a valid result
   */
  private long[] toFree(long[] own, long most) {
    long[] cost = new long[rowOf.length];
    boolean[] done = new boolean[rowOf.length];
    int wanted = 0;
    for (int column = 1; column < rowOf.length; column++) {
      done[column] = rowOf[column] == 0;
      cost[column] = done[column] ? 0 : toFreeColumns(rowOf[column]);
      wanted += !done[column] && own[column - 1] <= most ? 1 : 0;
    }
    while (wanted > 0) {
      int nearest = 0;
      for (int column = 1; column < rowOf.length; column++) {
        if (!done[column] && (nearest == 0 || cost[column] < cost[nearest])) {
          nearest = column;
        }
      }
      done[nearest] = true;
      wanted -= own[nearest - 1] <= most ? 1 : 0;
      for (int column = 1; column < rowOf.length; column++) {
        if (!done[column]) {
          cost[column] = Math.min(cost[column], cost[nearest] + reduced(rowOf[column], nearest));
        }
      }
    }
    // The reduced costs of a chain lack what its first column is worth; a free column is worth 0.
    Arrays.setAll(cost, column -> cost[column] - columnPotential[column]);
    return cost;
  }

  private long toFreeColumns(int row) {
    long least = INFINITE;
    for (int column = 1; column < rowOf.length; column++) {
      if (rowOf[column] == 0) {
        least = Math.min(least, reduced(row, column));
      }
    }
    return least;
  }

  private long reduced(int row, int column) {
    return costs[row - 1][column - 1] - rowPotential[row] - columnPotential[column];
  }

  private void add(int row) {
    int columns = rowOf.length;
    long[] distance = new long[columns];
    int[] previous = new int[columns];
    boolean[] done = new boolean[columns];
    Arrays.fill(distance, INFINITE);
    rowOf[0] = row;
    int column = 0;
    do {
      done[column] = true;
      int nearest = relax(column, distance, previous, done);
      shift(distance[nearest], distance, done);
      column = nearest;
    } while (rowOf[column] != 0);
    while (column != 0) {
      rowOf[column] = rowOf[previous[column]];
      column = previous[column];
    }
  }

  /** Updates the distances by way of one column and returns the nearest open one. */
  private int relax(int from, long[] distance, int[] previous, boolean[] done) {
    int row = rowOf[from];
    int nearest = 0;
    for (int column = 1; column < rowOf.length; column++) {
      if (!done[column]) {
        long reduced = reduced(row, column);
        if (reduced < distance[column]) {
          distance[column] = reduced;
          previous[column] = from;
        }
        if (nearest == 0 || distance[column] < distance[nearest]) {
          nearest = column;
        }
      }
    }
    return nearest;
  }

  private void shift(long by, long[] distance, boolean[] done) {
    for (int column = 0; column < rowOf.length; column++) {
      if (done[column]) {
        rowPotential[rowOf[column]] += by;
        columnPotential[column] -= by;
      } else {
        distance[column] -= by;
      }
    }
  }
}
