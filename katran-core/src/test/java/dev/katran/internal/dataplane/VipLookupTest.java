package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VipLookupTest {

  private static final int PORT = 443;

  /** VIPs that all match the packet's address, in the form {@code "address:443"}. */
  private record Vips(Set<String> keys) implements VipLookup.Candidates<String> {

    @Override
    public @Nullable String byAddress(int port) {
      return find("address:" + port);
    }

    @Override
    public @Nullable String byPrefix(int port) {
      return find("prefix:" + port);
    }

    private @Nullable String find(String key) {
      return keys.contains(key) ? key : null;
    }
  }

  private static VipLookup.@Nullable Match<String> find(String... keys) {
    return VipLookup.find(new Vips(Set.of(keys)), PORT);
  }

  @ParameterizedTest
  @CsvSource({
    "address:443, prefix:443",
    "address:443, address:0",
    "address:443, prefix:0",
    "prefix:443,  address:0",
    "prefix:443,  prefix:0",
    "address:0,   prefix:0"
  })
  void find_twoCandidates_prefersPortThenAddress(String preferred, String other) {
    assertThat(find(preferred, other))
        .isEqualTo(new VipLookup.Match<>(preferred, preferred.equals("address:443")));
  }

  @ParameterizedTest
  @CsvSource({"address:443, true", "prefix:443, false", "address:0, false", "prefix:0, false"})
  void find_oneCandidate_isExactOnlyForAddressAndPort(String key, boolean isExact) {
    assertThat(find(key)).isEqualTo(new VipLookup.Match<>(key, isExact));
  }

  @Test
  void find_noCandidate_returnsNull() {
    assertThat(find()).isNull();
    assertThat(find("address:80", "prefix:80")).isNull();
  }
}
