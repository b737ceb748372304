import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/**
 * DynamoDB Local on 127.0.0.1 and a port that the system picks, in memory.
 *
 * <p>DynamoDB Local has no option for the address it binds (it takes all of them), so its Jetty connectors are found and
 * set before the start. Prints {@code port=N} when it listens and ends when its standard input ends, so that it never
 * outlives the test process that started it.
 */
public final class LoopbackDdb {
  public static void main(String[] args) throws Exception {
    var runner = ServerRunner.createServerFromCommandLineArgs(new String[] {"-inMemory", "-disableTelemetry"});
    var connectors = connectorsOf(runner);
    if (connectors.isEmpty()) throw new IllegalStateException("DynamoDB Local holds no Jetty connector");
    for (var connector : connectors) {
      connector.setHost("127.0.0.1");
      connector.setPort(0);
    }
    runner.start();
    System.out.println("port=" + connectors.get(0).getLocalPort());
    while (System.in.read() >= 0) {}
    // halt, not exit: everything is in memory, and a shutdown hook must not hold the tests up.
    Runtime.getRuntime().halt(0);
  }

  private static List<ServerConnector> connectorsOf(Object runner) throws IllegalAccessException {
    var found = new ArrayList<ServerConnector>();
    for (var field : runner.getClass().getDeclaredFields()) {
      if (!Server.class.isAssignableFrom(field.getType())) continue;
      field.setAccessible(true);
      for (var connector : ((Server) field.get(runner)).getConnectors()) {
        if (connector instanceof ServerConnector tcp) found.add(tcp);
      }
    }
    return found;
  }
}
