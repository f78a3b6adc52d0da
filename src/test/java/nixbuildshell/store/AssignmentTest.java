package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  private static final long IMPOSSIBLE = 1000;

  /** Compares with all ways to assign, on made costs with ties and impossible pairs. */
  @Test
  void theSumsAreThoseOfAllWays() {
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      int rows = 1 + random.nextInt(4);
      long[][] costs = new long[rows][rows + random.nextInt(4)];
      for (int row = 0; row < rows; row++) {
        Arrays.setAll(costs[row], any -> random.nextInt(5) == 0 ? IMPOSSIBLE : random.nextInt(9));
        costs[row][row] = 20;
      }
      long[][] each = Assignment.sumsWithEach(costs, 999);
      for (int row = 0; row < rows; row++) {
        assertArrayEquals(forced(costs, row), each[row], row + " of each");
        assertArrayEquals(
            forced(costs, row),
            Assignment.sumsWith(costs, row, 999),
            row + " of " + Arrays.deepToString(costs));
      }
    }
  }

  private static long[] forced(long[][] costs, int row) {
    long[] sums = new long[costs[0].length];
    for (int column = 0; column < sums.length; column++) {
      long[][] with = costs.clone();
      with[row] = new long[sums.length];
      Arrays.fill(with[row], 100_000);
      with[row][column] = costs[row][column];
      sums[column] = costs[row][column] == IMPOSSIBLE ? Long.MAX_VALUE / 2 : smallest(with, 0, 0);
    }
    return sums;
  }

  private static long smallest(long[][] costs, int row, int taken) {
    if (row == costs.length) {
      return 0;
    }
    long best = Long.MAX_VALUE;
    for (int column = 0; column < costs[0].length; column++) {
      if ((taken & 1 << column) == 0) {
        long rest = smallest(costs, row + 1, taken | 1 << column);
        best = Math.min(best, costs[row][column] + rest);
      }
    }
    return best;
  }
}
