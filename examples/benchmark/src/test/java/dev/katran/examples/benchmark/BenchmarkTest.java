package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Runs every subcommand with little work. */
@NeedsNamespaces
class BenchmarkTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... args) {
    CommandLine commandLine = Benchmark.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    return commandLine.execute(args);
  }

  /** Returns the rows that a subcommand prints. */
  private List<JsonNode> rows(String commandLine) throws JsonProcessingException {
    assertThat(execute((commandLine + " --json").split(" "))).as(err.toString()).isZero();
    List<JsonNode> rows = new ArrayList<>();
    new ObjectMapper().readTree(out.toString()).forEach(rows::add);
    return rows;
  }

  private static List<String> texts(List<JsonNode> rows, String field) {
    return rows.stream().map(row -> row.get(field).asText()).toList();
  }

  private static void assertPacketRows(List<JsonNode> rows) {
    assertThat(texts(rows.subList(0, 6), "variant"))
        .containsExactly(
            "bare-tx", "bare-encap", "none", "adaptive-stable", "always", "adaptive-changing");
    assertThat(texts(rows, "flows")).hasSize(12).containsOnly("1", "100");
    assertThat(rows)
        .allSatisfy(row -> {
          assertThat(row.get("benchmark").asText()).isEqualTo("packet");
          assertThat(row.get("family").asText()).isEqualTo("v6");
          assertThat(row.get("encapsulation").asText()).isEqualTo("gue");
          assertThat(row.get("vips").asInt()).isEqualTo(2);
          assertThat(row.get("backends").asInt()).isEqualTo(3);
        });
  }

  @Test
  void packet_allVariants_areCompared() throws JsonProcessingException {
    List<JsonNode> rows =
        rows(
            "packet --flows 1,100 --vips 2 --backends 3 --own-backends --family V6"
                + " --encapsulation GUE --packets 100000 --rounds 2");
    assertPacketRows(rows);
    assertThat(rows)
        .filteredOn(row -> row.get("variant").asText().equals("bare-tx"))
        .hasSize(2)
        .allSatisfy(row -> assertThat(row.get("loop-ns").asDouble()).isPositive());
    assertThat(rows)
        .filteredOn(row -> !row.get("variant").asText().equals("bare-tx"))
        .hasSize(10)
        .allSatisfy(row -> {
          assertThat(row.get("net-ns").asDouble()).isPositive();
          assertThat(row.get("mpps").asDouble() * row.get("net-ns").asDouble())
              .isCloseTo(1000, within(0.1));
          assertThat(row.get("times-bare-encap").asDouble()).isPositive();
          assertThat(row.get("instructions").asInt()).isGreaterThan(100);
        });
  }

  @Test
  void packet_perCall_percentilesOfSingleCalls() throws JsonProcessingException {
    List<JsonNode> rows =
        rows(
            "packet --per-call --flows 1,100 --vips 2 --backends 3 --family V6"
                + " --encapsulation GUE --packets 900");
    assertPacketRows(rows);
    assertThat(rows)
        .allSatisfy(row -> {
          assertThat(row.get("p50").asDouble()).isPositive();
          assertThat(row.get("p90").asDouble()).isGreaterThanOrEqualTo(row.get("p50").asDouble());
          assertThat(row.get("unit").asText()).isEqualTo("ns");
        });
  }

  @Test
  void ring_allVariants_areMeasured() throws JsonProcessingException {
    List<JsonNode> rows = rows("ring --backends 10 --seconds 0.1 --forks 0");
    assertThat(texts(rows, "variant"))
        .containsExactlyInAnyOrder("maglev", "maglevV2", "difference");
    assertThat(rows).allSatisfy(row -> assertThat(row.get("p50").asDouble()).isPositive());
  }

  @Test
  void change_allVariants_areMeasured() throws JsonProcessingException {
    List<JsonNode> rows = rows("change --backends 20 --changes 10");
    assertThat(texts(rows, "variant")).containsExactly("put", "put-to-packet", "both");
    assertThat(rows.get(2).get("p50").asDouble()).isGreaterThan(rows.get(1).get("p50").asDouble());
  }

  @Test
  void open_timeAndMemory_areMeasured() throws JsonProcessingException {
    List<JsonNode> rows = rows("open --times 2 --vips 3");
    assertThat(texts(rows, "variant")).contains("later", "memory-empty", "memory-always");
    assertThat(rows)
        .allSatisfy(row ->
            assertThat(row.path("memory").asDouble() + row.path("p50").asDouble()).isPositive());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " --in-memory", " --routed"})
  void scale_allVariants_areMeasured(String dataplane) throws JsonProcessingException {
    List<JsonNode> rows =
        rows(
            "scale --vips 3 --backends 2 --puts 2 --idle-seconds 1 --server-ids 10"
                + " --source-routes 10"
                + dataplane);
    assertThat(texts(rows, "variant"))
        .containsExactly(
            "open-and-apply",
            "memory",
            "apply-of-the-same",
            "put",
            "counters",
            "idle",
            "drain-of-a-shared-backend",
            "memory-while-changing",
            "server-ids-first",
            "server-ids-replaced",
            "source-routes-first",
            "source-routes-replaced");
    assertThat(rows.get(3).get("p99").asDouble())
        .isGreaterThanOrEqualTo(rows.get(3).get("p50").asDouble());
  }

  @Test
  void churn_adaptive_movesNoFlow() throws JsonProcessingException {
    List<JsonNode> rows =
        rows(
            "churn --flows 100 --seconds 1 --syns 1000 --window 2"
                + " --scenario ADAPTIVE_FLOOD_DURING,ADAPTIVE_RESTART,NONE");
    assertThat(texts(rows, "variant"))
        .containsExactly("adaptive-flood-during", "adaptive-restart", "none");
    assertThat(rows.get(0).get("changed").asInt()).isZero();
    assertThat(rows.get(0).get("syns").asInt()).isEqualTo(1000);
    assertThat(rows.get(1).get("changed").asInt()).isZero();
    assertThat(rows.get(2).get("changed").asInt()).isPositive();
  }

  @Test
  void veth_allVariants_areMeasured() throws JsonProcessingException {
    List<JsonNode> rows = rows("veth --flows 100 --turns 1 --seconds 0.1 --clients 4");
    assertThat(texts(rows, "variant"))
        .containsExactlyInAnyOrder(
            "bare-tx",
            "bare-encap",
            "none",
            "adaptive-stable",
            "always",
            "nftables-dnat",
            "direct-tcp",
            "adaptive-stable-tcp",
            "nftables-dnat-tcp",
            "haproxy-tcp");
    assertThat(rows)
        .filteredOn(row -> row.has("sent"))
        .hasSizeGreaterThanOrEqualTo(5)
        .allSatisfy(row -> {
          assertThat(row.get("p50").asLong()).isPositive();
          assertThat(row.get("unit").asText()).isEqualTo("packets/s");
          assertThat(row.get("sent").asLong()).isGreaterThan(row.get("dropped").asLong());
          assertThat(row.path("core-ns").asDouble(1)).isPositive();
        });
    assertThat(rows)
        .filteredOn(row -> row.has("connections"))
        .hasSizeGreaterThanOrEqualTo(2)
        .allSatisfy(row -> {
          assertThat(row.get("p50").asLong()).isPositive();
          assertThat(row.get("unit").asText()).isEqualTo("connections/s");
          assertThat(row.get("connections").asLong()).isPositive();
          assertThat(row.get("failed").asLong()).isZero();
          assertThat(row.get("share-of-direct").asDouble()).isPositive();
        });
    if (NeedsNamespaces.FORBIDS_SKIPS) {
      assertThat(rows).noneMatch(row -> row.has("note"));
    }
  }

  @Test
  void packet_tooManyVips_fails() {
    assertThat(execute("packet", "--vips", "10001")).isEqualTo(1);
    assertThat(err.toString()).contains("--vips 10001 is not in 1..10000");
    assertThat(out.toString()).isEmpty();
  }
}
