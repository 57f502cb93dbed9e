package dev.katran.internal.platform;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.failure.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * A process that owns a {@link PinFolder}. It prints "open" once it has it, then obeys one command
 * per line; or it prints why it could not open it.
 */
final class PinFolderOwner {

  private PinFolderOwner() {}

  public static void main(String[] arguments) throws IOException {
    Duration wait = Duration.parse(arguments[1]);
    try (PinFolder folder =
            PinFolder.open(Path.of(arguments[0]), Set.of("a", "b")::contains, wait);
        BufferedReader commands =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println("open");
      String command;
      while ((command = commands.readLine()) != null) {
        System.out.println(obey(folder, command));
      }
    } catch (Failure e) {
      System.out.println(e.kind() + " " + e.getMessage());
    }
  }

  private static String obey(PinFolder folder, String command) {
    switch (command) {
      case "pin" -> {
        try (BpfMap map = BpfMap.create(MapSpec.array("a").valueSize(4).maxEntries(1))) {
          folder.pin("a", map);
          folder.replace("a", map);
        }
        folder.map("a").close();
      }
      case "close" -> folder.close();
      case "delete" -> folder.delete();
      case "wanted" -> {
        return Boolean.toString(folder.isWanted());
      }
      default -> throw new IllegalArgumentException(command);
    }
    return command;
  }

  /** Returns the command line of a JVM that runs this class. */
  static List<String> command(Path folder, Duration wait) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        PinFolderOwner.class.getName(),
        folder.toString(),
        wait.toString());
  }
}
