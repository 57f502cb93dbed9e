package dev.katran;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceRestorerTest {

  private static final VipKey WEB = VipKey.tcp("203.0.113.10", 443);

  private final SourceRestorer.Builder builder = SourceRestorer.on("eth0");

  @Test
  void open_sourceOfTwoVips_isRefusedWithBothNames() {
    builder
        .vip(WEB, "10.0.0.11", 8443)
        .vip(WEB, "10.0.0.11", 8443)
        .vip(VipKey.tcp("203.0.113.20", 443), "10.0.0.11", 8443);

    assertThatIllegalArgumentException()
        .isThrownBy(builder::open)
        .withMessage(
            "10.0.0.11:8443 answers as tcp 203.0.113.10:443, so it cannot answer as"
                + " tcp 203.0.113.20:443; give each VIP an address or a port of its own");
  }

  @Test
  void except_none_namesWhatToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(builder::except)
        .withMessage("exceptions are empty; leave them out to have none");
  }

  @ParameterizedTest
  @CsvSource({
    "checker-1,   'prefix \"checker-1\" is not'",
    "10.0.0.1/24, prefix 10.0.0.1/24 has bits beyond its length",
  })
  void except_invalidPrefix_isRefusedWithIt(String cidr, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.except("10.0.0.0/8", cidr))
        .withMessageContaining(message);
  }
}
