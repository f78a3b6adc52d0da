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

  /**
   * Returns the smallest sum of costs with which each row gets a column of its own.
   *
   * @param costs of each row and column, not negative, at most {@code Long.MAX_VALUE / 4}; no fewer
   *     columns than rows
   */
  static long smallestSum(long[][] costs) {
    Assignment assignment = new Assignment(costs);
    for (int row = 1; row <= costs.length; row++) {
      assignment.add(row);
    }
    long sum = 0;
    for (int column = 1; column < assignment.rowOf.length; column++) {
      if (assignment.rowOf[column] != 0) {
        sum += costs[assignment.rowOf[column] - 1][column - 1];
      }
    }
    return sum;
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
        long reduced = costs[row - 1][column - 1] - rowPotential[row] - columnPotential[column];
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
