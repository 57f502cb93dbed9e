package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableList;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DataplaneConfig.OwnInterface;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.platform.XdpInterface;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The interfaces that a program is for, if only frames that are addressed to them are balanced.
 * Those without a MAC address have index 0.
 */
record OwnInterfaces(ImmutableList<OwnInterface> all) {

  /** Frames to any address are balanced. */
  static final OwnInterfaces NONE = new OwnInterfaces(ImmutableList.of());

  private static final OwnInterface UNKNOWN = new OwnInterface(0, new MacAddress(0));

  static OwnInterfaces of(Collection<XdpInterface> interfaces) {
    return new OwnInterfaces(
        interfaces.stream()
            .map(each -> own(each.ifindex(), each.mac()))
            .collect(ImmutableList.toImmutableList()));
  }

  private static OwnInterface own(int index, dev.katran.ffm.net.@Nullable MacAddress mac) {
    return mac == null ? UNKNOWN : new OwnInterface(index, new MacAddress(mac.bits()));
  }

  /** Returns the index of an interface. */
  int index(int number) {
    return all.get(number).ifindex();
  }

  /** Returns a copy in which an interface has another index or address. */
  OwnInterfaces with(int number, int index, dev.katran.ffm.net.@Nullable MacAddress mac) {
    if (number >= all.size() || mac == null || all.get(number).equals(UNKNOWN)) {
      return this;
    }
    List<OwnInterface> changed = new ArrayList<>(all);
    changed.set(number, own(index, mac));
    return new OwnInterfaces(ImmutableList.copyOf(changed));
  }

  /** Returns a configuration for these interfaces. */
  DataplaneConfig in(DataplaneConfig config) {
    ImmutableList<OwnInterface> known =
        all.stream().filter(each -> !each.equals(UNKNOWN)).collect(ImmutableList.toImmutableList());
    return known.isEmpty()
        ? config
        : config.with(c -> {
          c.own = known.getFirst();
          c.moreOwn = known.subList(1, known.size());
        });
  }
}
