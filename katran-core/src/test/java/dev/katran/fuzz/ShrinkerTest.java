package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.katran.Count;
import dev.katran.Limits;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Hex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Injects faults into Java dataplanes and checks what the fuzz finds and how far it is shrunk. */
class ShrinkerTest {

  private static final long SEED = 3;
  private static final long FRAMES = 60_000;
  private static final int ATTEMPTS = 20_000;

  private static final int DESTINATION_PORT = 36;

  @TempDir Path folder;

  private static DifferentialPair.Factories against(Function<DataplaneConfig, Dataplane> actual) {
    return new DifferentialPair.Factories(
        JavaDataplane::new, actual, /* checksInvariants= */ false);
  }

  private static DifferentialPair.Factories against(BrokenDataplane.Fault fault) {
    return against(config -> BrokenDataplane.open(config, fault));
  }

  private static Fuzz.Failure find(DifferentialPair.Factories factories)
      throws InterruptedException {
    return Objects.requireNonNull(new Fuzz(factories).run(SEED, FRAMES), "no mismatch was found");
  }

  private static Mismatch findAndShrink(DifferentialPair.Factories factories)
      throws InterruptedException {
    return Shrinker.shrink(factories, find(factories).mismatch(), ATTEMPTS);
  }

  /** Flips a bit in the last byte of IPv4 frames that are sent to port 443. */
  private static Object flipLastByte(String method, Object[] arguments, Object answer) {
    if (method.equals("program.run")
        && answer instanceof Simulation simulation
        && simulation.verdict() == Verdict.TX
        && arguments[0] instanceof byte[] frame
        && frame.length > DESTINATION_PORT + 1
        && frame[12] == 0x08
        && frame[DESTINATION_PORT] == 443 >> 8
        && frame[DESTINATION_PORT + 1] == (byte) 443) {
      byte[] sent = simulation.frame();
      sent[sent.length - 1] ^= 1;
      return new Simulation(Verdict.TX, sent);
    }
    return answer;
  }

  @Test
  void run_equalDataplanes_findsNoMismatch() throws InterruptedException {
    Fuzz fuzz = new Fuzz(against(JavaDataplane::new));

    assertThat(fuzz.run(SEED, FRAMES)).isNull();
  }

  @Test
  void shrink_wrongFrame_keepsOneFrameAndItsSetup() throws InterruptedException {
    Mismatch mismatch = findAndShrink(against(ShrinkerTest::flipLastByte));

    List<Operation> operations = mismatch.testCase().operations();
    // features, a backend, a ring, a VIP, and the frame
    assertThat(operations).hasSizeLessThanOrEqualTo(5);
    assertThat(operations.getLast()).isInstanceOf(Operation.RunFrame.class);
    assertThat(operations).filteredOn(Operation.RunFrame.class::isInstance).hasSize(1);
  }

  @Test
  void shrink_wrongFrame_truncatesAndZeroesTheFrame() throws InterruptedException {
    Mismatch mismatch = findAndShrink(against(ShrinkerTest::flipLastByte));

    byte[] frame = ((Operation.RunFrame) mismatch.testCase().last()).frame();
    // no shorter if it is in a tunnel, whose inner lengths are not reduced
    assertThat(frame.length).isBetween(14 + 20 + 8, 14 + 20 + 8 + 40 + 20);
    assertThat(Hex.of(frame)).startsWith("0".repeat(24) + "08004500");
  }

  @Test
  void shrink_wrongCounter_keepsTheFrameThatCounts() throws InterruptedException {
    DifferentialPair.Factories factories =
        against((method, arguments, answer) ->
            method.equals("counters.read") && arguments[0] == Counter.Total.FLOW_LOOKUPS
                ? Count.ZERO
                : answer);

    Mismatch mismatch = findAndShrink(factories);

    List<Operation> operations = mismatch.testCase().operations();
    assertThat(operations.getLast()).isEqualTo(new Operation.ReadCounters());
    assertThat(operations).filteredOn(Operation.RunFrame.class::isInstance).hasSize(1);
    assertThat(operations).filteredOn(Operation.PutVip.class::isInstance).hasSize(1);
    assertThat(mismatch.comparison().expectedText())
        .isEqualTo("{FLOW_LOOKUPS=Count[packets=1, bytes=0]}");
    assertThat(mismatch.comparison().actualText()).isEqualTo("{FLOW_LOOKUPS=none}");
  }

  @Test
  void shrink_dataplaneFailsToOpen_keepsOneOperation() throws InterruptedException {
    DifferentialPair.Factories factories =
        against(config -> {
          throw new IllegalStateException("refused");
        });

    Mismatch mismatch = findAndShrink(factories);

    assertThat(mismatch.comparison().expectedText()).isEqualTo("opened");
    assertThat(mismatch.comparison().actualText()).contains("refused");
    assertThat(mismatch.testCase().operations()).hasSize(1);
  }

  @Test
  void shrink_operationThrows_keepsThatOperation() throws InterruptedException {
    DifferentialPair.Factories factories =
        against((method, arguments, answer) -> {
          if (method.equals("vips.remove")) {
            throw new IllegalStateException("refused");
          }
          return answer;
        });

    Mismatch mismatch = findAndShrink(factories);

    assertThat(mismatch.testCase().operations())
        .hasSize(1)
        .first()
        .isInstanceOf(Operation.RemoveVip.class);
  }

  @Test
  void run_sameSeedTwice_findsTheSameMismatch() throws InterruptedException {
    DifferentialPair.Factories factories = against(ShrinkerTest::flipLastByte);

    Fuzz.Failure first = find(factories);
    Fuzz.Failure second = find(factories);

    assertThat(second.seed()).isEqualTo(first.seed());
    assertThat(second.mismatch().comparison()).isEqualTo(first.mismatch().comparison());
    assertThat(second.mismatch().testCase().last().toString())
        .isEqualTo(first.mismatch().testCase().last().toString());
  }

  @Test
  void write_shrunkMismatch_reportsItAndWritesTheFrame() throws IOException, InterruptedException {
    DifferentialPair.Factories factories = against(ShrinkerTest::flipLastByte);
    Mismatch mismatch = findAndShrink(factories);
    String frame = Hex.of(((Operation.RunFrame) mismatch.testCase().last()).frame());
    String expected = Hex.of(((Simulation) mismatch.comparison().expected()).frame());

    String report = MismatchReport.write(folder, 77, mismatch, factories);

    assertThat(report)
        .contains("seed       77", frame, "expected   TX " + expected, folder.toString())
        .doesNotContain("omitted");
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
  void assertSufficient_idleDataplane_fails() {
    JavaDataplane idle =
        new JavaDataplane(
            DataplaneConfig.of(
                Limits.defaults().vips(16).backends(16).ringSize(13).maxPacketSize(1514)));
    Coverage coverage = new Coverage();
    coverage.add(idle);

    assertThatExceptionOfType(AssertionError.class).isThrownBy(coverage::assertSufficient);
  }
}
