package dev.katran.internal.recording;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A change of VIPs or tables, with its phases. */
@Name("dev.katran.Change")
@Label("Change")
@Category("Katran")
@Description("A change of VIPs or tables")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the flight recorder reads them
public final class ChangeEvent extends Event {

  @Label("Changed VIPs")
  @Description("VIPs that were inserted or replaced")
  private int changed;

  @Label("Removed VIPs")
  private int removed;

  @Label("Attempts")
  @Description("How often the change was planned")
  private int attempts;

  @Label("Preparation")
  @Description("Time without the lock: next hops, rings, programs, scans of the flow table")
  @Timespan
  private long preparation;

  @Label("Installation")
  @Description("Time under the lock: plans and writes")
  @Timespan
  private long installation;

  @Label("Clean-Up")
  @Description("Time after the change was in force")
  @Timespan
  private long cleanUp;

  @Label("In Force")
  @Description("Whether the change is in force; otherwise it was undone")
  private boolean inForce;

  private transient long lap;

  /** Begins the event. */
  public ChangeEvent() {
    begin();
    lap = isEnabled() ? System.nanoTime() : 0;
  }

  /** Ends an attempt to install the change. */
  public void attempted() {
    attempts++;
    installation += lap();
  }

  /** Ends what was done between two attempts, or after the last one. */
  public void prepared() {
    if (inForce) {
      cleanUp += lap();
    } else {
      preparation += lap();
    }
  }

  /** Notes that the change is in force. */
  public void installed(int changedVips, int removedVips) {
    changed = changedVips;
    removed = removedVips;
    inForce = true;
  }

  private long lap() {
    if (lap == 0) {
      return 0;
    }
    long now = System.nanoTime();
    long time = now - lap;
    lap = now;
    return time;
  }
}
