package dev.katran.fuzz.invariants;

import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.VipEntry;
import java.net.InetAddress;
import java.util.Map;
import java.util.Set;

/** What is installed in a dataplane when a frame arrives. */
public interface Installed {

  /** Returns the VIPs. */
  Map<VipKey, VipEntry> vips();

  /** Returns the backends by number. */
  Map<Integer, BackendEntry> backends();

  /** Returns the numbers of the backends in a VIP's ring. */
  Set<Integer> ring(int vip);

  /** Returns whether some slots of a VIP's ring may not be stable: the flow table decides there. */
  boolean isChanging(int vip);

  /** Returns the numbers of backends by server id. */
  Map<Integer, Integer> serverIds();

  /** Returns the numbers of backends by source prefix. */
  Map<Prefix, Integer> sourceRoutes();

  /** Returns the {@link dev.katran.internal.dataplane.TunnelAction}s by tunnel endpoint. */
  Map<InetAddress, Integer> tunnelEndpoints();

  /** Returns the numbers of VIPs by the sources that answer for them. */
  Map<ReverseKey, Integer> reverse();

  /** Returns the VIPs by number: the last one that was installed. */
  Map<Integer, VipKey> addresses();

  /** Returns the destinations for which pings are answered. */
  Set<Destination> pings();

  /** Returns the features that the program is loaded for. */
  Features used();
}
