
r
c3.protoagoogle/api/annotations.proto"
R
id (	Rid2(
S#
Get.a.R.a.R"Ç”‰ì
/v1/{id}bproto3