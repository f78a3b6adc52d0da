package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgramLoaderTest {
  private static final String PATH = "/lib/ld.so";

  @TempDir Path temporary;

  private Optional<ProgramLoader> of(byte[] content) throws IOException, ErrnoException {
    Path file = Files.createDirectories(temporary.resolve("bin")).resolve("tool");
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return of("bin/tool");
  }

  private Optional<ProgramLoader> of(String path) throws ErrnoException {
    try (Directory directory =
        new FileSystem(new SystemCalls(Kernels.best(Optional::empty)))
            .openDirectory(ByteString.of(temporary.toString()))) {
      return ProgramLoader.of(directory, path);
    }
  }

  /**
   * Makes a program with two headers, the second of type PT_INTERP.
   *
   * @param offset of the loader's path, behind the headers
   */
  private static byte[] elf(boolean wide, ByteOrder order, int offset) {
    ByteBuffer file = ByteBuffer.allocate(offset + PATH.length() + 1).order(order);
    file.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1), 0, 1});
    file.put(5, (byte) (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2));
    int size = wide ? 56 : 32;
    int second = 64 + size;
    file.putShort(wide ? 54 : 42, (short) size).putShort(wide ? 56 : 44, (short) 2);
    file.putInt(64, 1).putInt(second, 3);
    if (wide) {
      file.putLong(32, 64).putLong(second + 8, offset).putLong(second + 32, PATH.length() + 1);
    } else {
      file.putInt(28, 64).putInt(second + 4, offset).putInt(second + 16, PATH.length() + 1);
    }
    return file.put(offset, PATH.getBytes(StandardCharsets.US_ASCII)).array();
  }

  @ParameterizedTest
  @CsvSource({"true,true,300", "false,false,300", "true,false,300", "true,true,200000"})
  void theLoaderIsNamedByTheProgramHeader(boolean wide, boolean little, int offset)
      throws Exception {
    ByteOrder order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    assertEquals(
        Optional.of(new ProgramLoader(ByteString.of(PATH), false)), of(elf(wide, order, offset)));
  }

  @ParameterizedTest
  @CsvSource({"'#!/usr/bin/env python',/usr/bin/env", "'#! /bin/sh -e',/bin/sh", "'#!',", "'no',"})
  void theInterpreterIsTheFirstWordOfTheFirstLine(String line, String path) throws Exception {
    assertEquals(
        Optional.ofNullable(path).map(it -> new ProgramLoader(ByteString.of(it), true)),
        of((line + "\nexit\n").getBytes(StandardCharsets.US_ASCII)));
  }

  /** A build can leave any file. */
  @Test
  void aDamagedProgramNamesNothing() throws Exception {
    byte[] whole = elf(true, ByteOrder.LITTLE_ENDIAN, 300);
    for (int length = 0; length < 64 + 56 + 40; length++) {
      assertEquals(Optional.empty(), of(Arrays.copyOf(whole, length)));
    }
    for (int at : new int[] {32, 64 + 56 + 8, 64 + 56 + 32}) {
      byte[] wild = whole.clone();
      wild[at + 7] = (byte) 0x80;
      assertEquals(Optional.empty(), of(wild));
    }
  }

  @Test
  void whatIsNotExecutableOrALinkNamesNothing() throws Exception {
    of("#!/none\n".getBytes(StandardCharsets.US_ASCII));
    Path file = temporary.resolve("bin/tool");
    Files.createSymbolicLink(temporary.resolve("bin/link"), file);
    assertEquals(Optional.empty(), of("bin/link"));
    assertEquals(Optional.empty(), of("bin"));
    assertEquals(Optional.empty(), of("none/tool"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertEquals(Optional.empty(), of("bin/tool"));
  }
}
