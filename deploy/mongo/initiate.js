// Runs at each `up` and initiates at the first: MongoDB refuses to do it twice.
const replicaSet = { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] };

try {
  rs.initiate(replicaSet);
  print("the replica set is initiated");
} catch (refusal) {
  if (refusal.codeName !== "AlreadyInitialized") throw refusal;
  print("the replica set is there already");
}
while (!db.hello().isWritablePrimary) sleep(200);
print("there is a primary");
