package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RowsTest {

  private static final List<Row> ROWS =
      List.of(
          Row.of("packet", "bare-tx").with("flows", 1).with("p50", 41.0).with("unit", "ns"),
          Row.of("packet", "adaptive-stable").with("flows", 1_000_000).with("p50", 80.125),
          Row.of("packet", "haproxy").with("note", "not installed"));

  @Test
  void table_differentRows_oneColumnPerName() {
    assertThat(Rows.table(ROWS).lines())
        .containsExactly(
            "benchmark  variant            flows    p50  unit  note",
            "packet     bare-tx                1  41.00  ns",
            "packet     adaptive-stable  1000000  80.13",
            "packet     haproxy                                not installed");
  }

  @Test
  void json_rows_arrayOfObjects() {
    assertThat(Rows.json(ROWS))
        .isEqualTo(
            """
            [{"benchmark":"packet","variant":"bare-tx","flows":1,"p50":41.0,"unit":"ns"},\
            {"benchmark":"packet","variant":"adaptive-stable","flows":1000000,"p50":80.125},\
            {"benchmark":"packet","variant":"haproxy","note":"not installed"}]\
            """);
  }

  @Test
  void json_noRows_emptyArray() {
    assertThat(Rows.json(List.of())).isEqualTo("[]");
  }
}
