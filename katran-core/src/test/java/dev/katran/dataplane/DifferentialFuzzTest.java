package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.Encapsulation;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.ffm.net.MacAddress;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.FrameGenerator;
import dev.katran.packets.Hex;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The program in the kernel and its twin in Java do the same with whatever comes. {@code
 * -Dkatran.fuzz.seed=} and {@code -Dkatran.fuzz.frames=} give other and more frames.
 */
@NeedsKernel
class DifferentialFuzzTest {

  private static final DataplaneConfig CONFIG = new DataplaneConfig(64, 16, 1031, 1514);
  private static final MacAddress ROUTER = MacAddress.parse("00:00:de:ad:be:af");
  private static final List<String> VIPS =
      List.of("203.0.113.10", "203.0.113.11", "2001:db8:5::10", "2001:db8:5::11");
  private static final List<Integer> PORTS = List.of(53, 80, 443, 8443);
  private static final int ALL_FLAGS = 8;
  private static final int BACKENDS = 9;

  private static final long SEED = Long.getLong("katran.fuzz.seed", 1);
  private static final int FRAMES = Integer.getInteger("katran.fuzz.frames", 30_000);

  private int vips;

  private static List<DataplaneConfig> configs() {
    DataplaneConfig withGue = CONFIG.withGue(GueContract.GUE);
    return List.of(CONFIG, CONFIG.withAnswerTooBig(), withGue, withGue.withAnswerTooBig());
  }

  @ParameterizedTest
  @MethodSource("configs")
  void theyDoTheSame(DataplaneConfig config) {
    try (Dataplane kernel = KernelDataplane.detached(config);
        Dataplane java = new JavaDataplane(config)) {
      configure(kernel);
      configure(java);
      FrameGenerator frames = new FrameGenerator(SEED, VIPS, PORTS);
      Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
      for (int i = 0; i < FRAMES; i++) {
        byte[] frame = frames.next();
        Simulation expected = java.run(frame);
        assertThat(kernel.run(frame))
            .as("frame %d of seed %d: %s", i, SEED, Hex.of(frame))
            .isEqualTo(expected);
        verdicts.merge(expected.verdict(), 1, Integer::sum);
      }
      assertCountersAgree(kernel, java);
      // or else the frames were not worth the trouble
      assertThat(verdicts).hasSize(Verdict.values().length);
      assertThat(verdicts.values()).allMatch(number -> number > FRAMES / 10);
    }
  }

  private void configure(Dataplane dataplane) {
    Random random = new Random(SEED);
    for (int number = 1; number <= BACKENDS; number++) {
      dataplane.putBackend(number, backend(number));
    }
    vips = 0;
    for (String vip : VIPS) {
      for (Protocol protocol : Protocol.values()) {
        for (int port : new int[] {0, 53, 443}) {
          if (random.nextInt(4) != 0) {
            VipKey key = new VipKey(InetAddresses.forString(vip), port, protocol);
            putVip(dataplane, key, random);
          }
        }
      }
    }
    dataplane.answerPing(InetAddresses.forString(VIPS.get(0)), true);
    dataplane.answerPing(InetAddresses.forString(VIPS.get(2)), true);
  }

  private void putVip(Dataplane dataplane, VipKey key, Random random) {
    int number = vips++;
    if (random.nextInt(6) != 0) {
      // also slots that nobody serves, and those of a backend that is not there
      int[] slots = random.ints(CONFIG.ringSize(), 0, BACKENDS + 2).toArray();
      dataplane.putRing(number, slots);
    }
    dataplane.putVip(key, new VipEntry(number, random.nextInt(ALL_FLAGS)));
  }

  private static BackendEntry backend(int number) {
    String address = number % 2 == 0 ? "10.0.0." + number : "fd00::" + number;
    Hop.Egress egress = new Hop.Egress(1, MacAddress.parse("02:00:00:00:00:0" + number));
    Hop hop =
        switch (number % 4) {
          case 0 -> new Hop(MacAddress.parse("02:00:00:00:01:0" + number), egress);
          case 1 -> number == 1 ? null : new Hop(ROUTER, egress);
          default -> new Hop(ROUTER, null);
        };
    Encapsulation encapsulation = number % 4 >= 2 ? Encapsulation.gue() : Encapsulation.ipip();
    return new BackendEntry(InetAddresses.forString(address), encapsulation, hop);
  }

  private void assertCountersAgree(Dataplane kernel, Dataplane java) {
    for (Counter.Total total : Counter.Total.values()) {
      assertThat(kernel.count(total)).as("%s", total).isEqualTo(java.count(total));
    }
    for (int vip = 0; vip < vips; vip++) {
      Counter counter = new Counter.OfVip(vip);
      assertThat(kernel.count(counter)).as("%s", counter).isEqualTo(java.count(counter));
    }
    for (int backend = 1; backend <= BACKENDS; backend++) {
      Counter counter = new Counter.OfBackend(backend);
      assertThat(kernel.count(counter)).as("%s", counter).isEqualTo(java.count(counter));
    }
  }
}
