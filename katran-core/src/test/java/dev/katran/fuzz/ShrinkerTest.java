package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.katran.Count;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.packets.Hex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a kernel: what is wrong is found, and made small, and nothing else is found. */
class ShrinkerTest {

  private static final long SEED = 1;
  private static final long FRAMES = 60_000;
  private static final int TRIES = 20_000;

  private static final int DESTINATION_PORT = 36;

  @TempDir Path folder;

  private static Duel.Parties against(Function<DataplaneConfig, Dataplane> other) {
    return new Duel.Parties(JavaDataplane::new, other);
  }

  private static Duel.Parties against(BrokenDataplane.Fault fault) {
    return against(config -> BrokenDataplane.open(config, fault));
  }

  private static Fuzz.Found find(Duel.Parties parties) throws InterruptedException {
    return Objects.requireNonNull(new Fuzz(parties).run(SEED, FRAMES), "nothing was found");
  }

  private static Finding findAndShrink(Duel.Parties parties) throws InterruptedException {
    return Shrinker.shrink(parties, find(parties).finding(), TRIES);
  }

  /** What is sent to a port of IPv4 has a wrong byte at its end. */
  private static Object flipLastByte(String method, Object[] arguments, Object answer) {
    if (answer instanceof Simulation simulation
        && simulation.verdict() == Verdict.TX
        && arguments[0] instanceof byte[] frame
        && frame.length > DESTINATION_PORT + 1
        && frame[12] == 0x08
        && frame[DESTINATION_PORT] == 443 >> 8
        && frame[DESTINATION_PORT + 1] == (byte) 443) {
      byte[] left = simulation.frame();
      left[left.length - 1] ^= 1;
      return new Simulation(Verdict.TX, left);
    }
    return answer;
  }

  @Test
  void dataplanesThatAreTheSameDoNotDiffer() throws InterruptedException {
    Fuzz fuzz = new Fuzz(against(JavaDataplane::new));

    assertThat(fuzz.run(SEED, FRAMES)).isNull();
  }

  @Test
  void aFrameThatIsTreatedWronglyIsFoundByItself() throws InterruptedException {
    Finding finding = findAndShrink(against(ShrinkerTest::flipLastByte));

    List<Operation> operations = finding.trial().operations();
    // features, a backend, a ring, a VIP, and the frame
    assertThat(operations).hasSizeLessThanOrEqualTo(5);
    assertThat(operations.getLast()).isInstanceOf(Operation.Feed.class);
    assertThat(operations).filteredOn(Operation.Feed.class::isInstance).hasSize(1);
  }

  @Test
  void theFrameIsAsShortAndAsEmptyAsItCanBe() throws InterruptedException {
    Finding finding = findAndShrink(against(ShrinkerTest::flipLastByte));

    byte[] frame = ((Operation.Feed) finding.trial().last()).frame();
    assertThat(frame.length).isBetween(14 + 20 + 8, 14 + 20 + 20);
    assertThat(Hex.of(frame)).startsWith("0".repeat(24) + "080045000000");
  }

  @Test
  void whatDependsOnFramesBeforeKeepsThose() throws InterruptedException {
    Duel.Parties parties =
        against((method, arguments, answer) ->
            method.equals("count") && arguments[0] == Counter.Total.FLOW_LOOKUPS
                ? Count.ZERO
                : answer);

    Finding finding = findAndShrink(parties);

    List<Operation> operations = finding.trial().operations();
    assertThat(operations.getLast()).isEqualTo(new Operation.ReadCounters());
    assertThat(operations).filteredOn(Operation.Feed.class::isInstance).hasSize(1);
    assertThat(operations).filteredOn(Operation.PutVip.class::isInstance).hasSize(1);
    assertThat(finding.difference().expectedText())
        .isEqualTo("{FLOW_LOOKUPS=Count[packets=1, bytes=0]}");
    assertThat(finding.difference().actualText()).isEqualTo("{FLOW_LOOKUPS=none}");
  }

  @Test
  void aDataplaneThatCannotBeOpenedIsADifference() throws InterruptedException {
    Duel.Parties parties =
        against(config -> {
          throw new IllegalStateException("refused");
        });

    Finding finding = findAndShrink(parties);

    assertThat(finding.difference().operation()).isEqualTo("open");
    assertThat(finding.difference().actualText()).contains("refused");
    assertThat(finding.trial().operations()).hasSize(1);
  }

  @Test
  void aChangeThatThrowsIsADifference() throws InterruptedException {
    Duel.Parties parties =
        against((method, arguments, answer) -> {
          if (method.equals("removeVip")) {
            throw new IllegalStateException("refused");
          }
          return answer;
        });

    Finding finding = findAndShrink(parties);

    assertThat(finding.trial().operations())
        .hasSize(1)
        .first()
        .isInstanceOf(Operation.RemoveVip.class);
  }

  @Test
  void theSameSeedFindsTheSame() throws InterruptedException {
    Duel.Parties parties = against(ShrinkerTest::flipLastByte);

    Fuzz.Found found = find(parties);
    Fuzz.Found again = find(parties);

    assertThat(again.seed()).isEqualTo(found.seed());
    assertThat(again.finding().difference()).isEqualTo(found.finding().difference());
  }

  @Test
  void theReportSaysWhatToDoAndTheFolderHasTheFrame() throws IOException, InterruptedException {
    Duel.Parties parties = against(ShrinkerTest::flipLastByte);
    Finding finding = findAndShrink(parties);
    String frame = Hex.of(((Operation.Feed) finding.trial().last()).frame());
    String expected = Hex.of(((Simulation) finding.difference().expected()).frame());

    String report = Report.write(folder, 77, finding, parties);

    assertThat(report)
        .contains("seed       77", frame, "expected   TX " + expected, folder.toString())
        .doesNotContain("cannot be said");
    JsonNode root = new JsonMapper().readTree(folder.resolve("scenario.json").toFile());
    assertThat(root.get("name").asText()).isEqualTo("fuzz-seed-77");
    assertThat(root.get("steps")).hasSize(2);
    JsonNode vip = root.get("steps").get(0).get("vip");
    assertThat(vip.get("backends")).hasSize(1);
    String table = root.get("steps").get(1).get("packets").asText();
    String row = Files.readString(folder.resolve(table)).strip();
    assertThat(row).endsWith("\tTX\t" + frame + "\t" + expected);
  }

  @Test
  void roundsThatDoNotMakeMuchHappenAreNotWorthTheTrouble() {
    JavaDataplane idle = new JavaDataplane(new DataplaneConfig(16, 16, 13, 1514));
    Coverage coverage = new Coverage();
    coverage.add(idle);

    assertThatExceptionOfType(AssertionError.class).isThrownBy(coverage::assertWorthTheTrouble);
  }
}
