package dev.katran.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Maps;
import java.util.Map;
import java.util.stream.IntStream;

/** What the client of a test bed sends to the VIPs. */
record Traffic(TestBed bed) {

  static final int FLOWS = 100;

  /** The first client port, below the kernel's ephemeral ports. */
  static final int OPEN_IPV4 = 20_000;

  private static final int OPEN_IPV6 = 21_000;
  static final int NEW = 22_000;

  /** Opens connections to both VIPs and returns the backend of each. */
  Map<String, String> open() throws Exception {
    Map<String, String> open = connect("hold", TestBed.VIP_IPV4, OPEN_IPV4, FLOWS, 1);
    open.putAll(connect("hold", TestBed.VIP_IPV6, OPEN_IPV6, FLOWS, 1));
    return names(open);
  }

  Map<String, String> sendOnOpen() throws Exception {
    return names(bed.client().send("POST", "/held"));
  }

  /**
   * Checks that each new flow goes to the backend that the ring selects, and that all backends get
   * some.
   */
  void assertNewFlowsFollowTheRing(int... backends) throws Exception {
    for (String vip : TestBed.VIPS) {
      assertThat(names(connect("send", vip, NEW, FLOWS, 1)))
          .isEqualTo(bed.ringChoice(vip, NEW, FLOWS, backends))
          .containsValues(IntStream.of(backends).mapToObj(TestBed::backend).toArray(String[]::new));
    }
  }

  Map<String, String> connect(String what, String vip, int from, int count, int bytes)
      throws Exception {
    String host = vip.contains(":") ? "[" + vip + "]" : vip;
    return bed.client()
        .send(
            "POST",
            "/%s?to=%s:%d&from=%d&count=%d&bytes=%d"
                .formatted(what, host, TestBed.PORT, from, count, bytes));
  }

  /**
   * Removes the length from answers of the form {@code backend-1 1}, which leaves the backend's
   * name.
   */
  private static Map<String, String> names(Map<String, String> answers) {
    return Maps.transformValues(answers, answer -> answer.replaceFirst(" 1$", ""));
  }
}
