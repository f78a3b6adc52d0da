package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryListTest {
  private static final List<Listing.Entry> THREE =
      List.of(
          entry("directory", FileType.DIRECTORY),
          entry("\u00e9", FileType.REGULAR),
          entry("x".repeat(255), FileType.LINK));

  private static Listing.Entry entry(String name, FileType type) {
    return new Listing.Entry(new ByteString(name), type);
  }

  @Test
  void hasWhatItWasMadeOf() {
    EntryList list = EntryList.of(THREE);
    assertEquals(THREE, list.entries());
    assertEquals(Optional.of(list), EntryList.parse(list.text()));
    assertEquals(255, list.length(2));
    assertTrue(list.contains(new ByteString("\u00e9")));
    assertFalse(list.contains(new ByteString("director")));
    assertFalse(list.contains(new ByteString("directory2")));
    byte[] names = new byte[list.bytesOfNames() + 1];
    list.copyNames(names, 1);
    String expected = "\0directory\0\u00e9\0" + "x".repeat(255) + "\0";
    assertArrayEquals(expected.getBytes(StandardCharsets.ISO_8859_1), names);
    assertEquals(List.of(), EntryList.of(List.of()).entries());
  }

  @Test
  void leavesSomeOut() {
    EntryList list = EntryList.of(THREE);
    EntryList without = list.withoutLinks();
    assertEquals(THREE.subList(0, 2), without.entries());
    assertSame(without, without.withoutLinks());
    assertEquals(THREE.subList(1, 3), list.without(Set.of(new ByteString("directory"))).entries());
    assertSame(list, list.without(Set.of(new ByteString("other"))));
  }

  /** The last bytes of a text are looked at one by one, and the others by eight. */
  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "/", "a/b", "a\nb", "a\0b", "a\u001fb", "long"})
  void hasOnlyNames(String bad) {
    String name = bad.equals("long") ? "x".repeat(256) : bad;
    for (int before = 0; before < 9; before++) {
      List<Listing.Entry> entries =
          List.of(entry("x".repeat(before + 1), FileType.REGULAR), entry(name, FileType.REGULAR));
      assertThrows(IllegalArgumentException.class, () -> EntryList.of(entries));
    }
    assertThrows(
        IllegalArgumentException.class, () -> EntryList.of(List.of(entry("x", FileType.FIFO))));
  }

  /** A byte that is another one makes another list or none, and never an exception. */
  @Test
  void aDamagedTextIsNoneOrAnother() {
    byte[] text = EntryList.of(THREE.subList(0, 2)).text();
    IntStream.range(0, text.length)
        .forEach(length -> assertEquals(Optional.empty(), parse(Arrays.copyOf(text, length))));
    assertEquals(Optional.empty(), parse(Arrays.copyOf(text, text.length + 1)));
    for (int i = 0; i < text.length; i++) {
      for (int value = 0; value < 256; value++) {
        byte[] other = text.clone();
        other[i] = (byte) value;
        Optional<EntryList> list = parse(other);
        assertTrue(
            list.isEmpty() || Arrays.equals(other, EntryList.of(list.get().entries()).text()));
      }
    }
  }

  private static Optional<EntryList> parse(byte[] text) {
    return EntryList.parse(text);
  }
}
