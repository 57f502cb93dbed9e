package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java Flight Recorder sees. */
class RecordingTest {

  private static final Limits LIMITS =
      Limits.defaults().vips(1).backends(4).ringSize(251).flowTableSize(1024);
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(Backend.of("10.0.0.1")).build();

  @TempDir private Path folder;

  private List<RecordedEvent> record(String event, LoadBalancerBuilder balancer)
      throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording();
        LoadBalancer lb =
            balancer.limits(LIMITS).nextHop(NextHop.via("02:00:00:00:00:01")).open()) {
      recording.enable("dev.katran." + event).withoutThreshold();
      recording.start();
      lb.put(WEB);
      lb.put(WEB.with(Backend.of("10.0.0.2")));
      assertThatExceptionOfType(LimitExceededException.class)
          .isThrownBy(() -> lb.put(Vip.udp("203.0.113.10", 53).build()));
      lb.remove(WEB);
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(each -> each.getEventType().getName().equals("dev.katran." + event))
        .toList(); // the JVM records something in any case
  }

  @Test
  void changes_areRecordedWithTheirPhases() throws Exception {
    List<RecordedEvent> changes = record("Change", LoadBalancer.inMemory());

    assertThat(changes)
        .extracting(each -> each.getBoolean("inForce"))
        .containsExactly(true, true, false, true);
    assertThat(changes).extracting(each -> each.getInt("changed")).containsExactly(1, 1, 0, 0);
    assertThat(changes).extracting(each -> each.getInt("removed")).containsExactly(0, 0, 0, 1);
    assertThat(changes.getFirst().getDuration("installation")).isPositive();
    assertThat(changes.getFirst().getDuration("preparation")).isPositive();
    assertThat(changes)
        .allSatisfy(each ->
            assertThat(
                    each.getDuration("installation")
                        .plus(each.getDuration("preparation"))
                        .plus(each.getDuration("cleanUp")))
                .isLessThanOrEqualTo(each.getDuration().plusMillis(1)));
  }

  @Test
  void occurrences_areThoseThatListenersAreTold() throws Exception {
    assertThat(record("Occurrence", LoadBalancer.inMemory()))
        .extracting(each -> each.getString("kind") + " " + each.getString("vip"))
        .containsExactly(
            "VIP_ADDED " + WEB.key(), "VIP_CHANGED " + WEB.key(), "VIP_REMOVED " + WEB.key());
  }

  @Nested
  @NeedsKernel
  class InTheKernel {

    @Test
    void programs_loadedAndSwapped_areRecorded() throws Exception {
      assertThat(record("ProgramLoad", LoadBalancer.detached()))
          .isNotEmpty()
          .allSatisfy(each -> {
            assertThat(each.getInt("instructions")).isPositive();
            assertThat(each.getString("features")).contains("changes=");
          });
      assertThat(record("ProgramSwap", LoadBalancer.detached()))
          .anySatisfy(each -> assertThat(each.getString("features")).contains("changes=true"));
    }
  }
}
