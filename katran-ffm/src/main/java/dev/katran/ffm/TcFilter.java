package dev.katran.ffm;

import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.TrafficControl;
import dev.katran.ffm.net.TrafficControl.Filter;
import java.util.List;

/** A filter of an interface's clsact qdisc that runs a classifier. */
final class TcFilter implements TcHook.Attachment {

  /** Filters of this library have a name that begins with it and ends with the program's. */
  private static final String MARK = "dev.katran.ffm:";

  private final TrafficControl control;
  private final int ifindex;
  private final Filter filter;

  private TcFilter(TrafficControl control, int ifindex, Filter filter) {
    this.control = control;
    this.ifindex = ifindex;
    this.filter = filter;
  }

  static TcFilter attach(BpfProgram program, int ifindex) {
    TrafficControl control = TrafficControl.open();
    try {
      control.createClsact(ifindex);
      return new TcFilter(control, ifindex, add(control, program, ifindex));
    } catch (RuntimeException | Error e) {
      control.close();
      throw e;
    }
  }

  /** Takes the place of a filter that a process has left, so that no packet goes without. */
  private static Filter add(TrafficControl control, BpfProgram program, int ifindex) {
    String name = MARK + program.name();
    int id = program.info().id();
    List<Filter> left =
        control.egressFilters(ifindex).stream()
            .filter(filter -> filter.name().equals(name))
            .toList();
    if (left.isEmpty()) {
      return control.addEgress(ifindex, program.fd(), id, name);
    }
    Filter added = control.replaceEgress(ifindex, left.getFirst(), program.fd(), id);
    left.stream().skip(1).forEach(filter -> control.removeEgress(ifindex, filter));
    return added;
  }

  @Override
  public boolean isAttached() {
    return control.egressFilters(ifindex).contains(filter);
  }

  @Override
  public void close() {
    try (control) {
      if (isAttached()) {
        control.removeEgress(ifindex, filter);
      }
    } catch (NetworkException e) {
      if (e.errno() != Errno.ENODEV && e.errno() != Errno.ENOENT) {
        throw e;
      }
      // the interface or the filter was removed a moment ago
    }
  }
}
